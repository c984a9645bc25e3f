-- What time alone does to the store. The sweeper calls these every minute; each may run at any moment, by several at
-- once, and answers what it found or how much it did.

-- A send whose worker died: whether Meta got it is not known, and it is never sent again. A status or an echo that
-- carries its reference still moves it up.
create function public.expire_sends() returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  dead record;
  conversation public.marketing_conversations;
  expired integer := 0;
begin
  for dead in
    select id, conversation_id
    from (
      select id, conversation_id from public.marketing_messages
      where status = 'sending' and send_lease_until <= now()
      order by send_lease_until limit 200
    ) as longest_dead
    order by conversation_id  -- locks of several conversations are taken in this order everywhere
  loop
    -- The conversation first; the row may have been settled while we waited for it.
    conversation := app.lock_conversation(dead.conversation_id);
    perform from public.marketing_messages
    where id = dead.id and status = 'sending' and send_lease_until <= clock_timestamp();
    if found then
      perform app.record_unknown(dead.id);
      perform app.end_send(conversation.id, dead.id);
      expired := expired + 1;
    end if;
  end loop;
  return jsonb_build_object('count', expired);
end
$$;
call app.guard_function('public.expire_sends()');

-- Conversations with a throttled message of ours whose time has come, the longest waiting first.
create function public.due_retries(p_limit integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(conversation_id order by due_at), '[]')
  from (
    select conversation_id, min(next_attempt_at) as due_at
    from public.marketing_messages
    where status = 'sending' and next_attempt_at <= now()
    group by conversation_id
    order by due_at limit p_limit
  ) as due
$$;
call app.guard_function('public.due_retries(integer)');

create function public.expire_holds() returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  deleted integer;
begin
  -- One that somebody works on right now is theirs to decide; the next sweep looks again.
  delete from public.appointments where id in (
    select id from public.appointments
    where status = 'held' and hold_expires_at <= now()
    for update skip locked
  );
  get diagnostics deleted = row_count;
  return jsonb_build_object('count', deleted);
end
$$;
call app.guard_function('public.expire_holds()');

create function public.expire_idempotency() returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  deleted integer;
begin
  delete from public.idempotency_keys where expires_at <= now();
  get diagnostics deleted = row_count;
  return jsonb_build_object('count', deleted);
end
$$;
call app.guard_function('public.expire_idempotency()');

-- A bucket nobody touched for a day is full again, and a full bucket needs no row.
create function public.purge_pace() returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  deleted integer;
begin
  delete from public.channel_pace where refilled_at < now() - interval '1 day';
  get diagnostics deleted = row_count;
  return jsonb_build_object('count', deleted);
end
$$;
call app.guard_function('public.purge_pace()');
