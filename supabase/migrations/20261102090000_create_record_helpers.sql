-- What every later SQL function uses: who may call it, the audit row, the alert, and a conversation under lock.

-- PostgreSQL lets everybody execute a new function, and the API would offer it; a line next to each definition closes
-- it to all but the service role.
create procedure app.guard_function(target regprocedure)
language plpgsql set search_path = '' as $$
begin
  execute format('revoke execute on function %s from public, anon, authenticated', target);
  execute format('grant execute on function %s to service_role', target);
end
$$;
revoke execute on procedure app.guard_function(regprocedure) from public, anon, authenticated;

-- The payload holds ids, codes and counts only: the log is append-only and survives an erasure. The correlation id is
-- the one of the request, where the calling function set it for its transaction.
create function app.audit(
  p_professional_id uuid, p_entity_type text, p_entity_id uuid, p_action text,
  p_actor_id uuid default null, p_payload jsonb default '{}'
) returns uuid
language sql set search_path = '' as $$
  insert into public.marketing_audit_logs
    (professional_id, entity_type, entity_id, action, actor_id, payload, correlation_id)
  values (p_professional_id, p_entity_type, p_entity_id, p_action, p_actor_id, coalesce(p_payload, '{}'),
          nullif(current_setting('app.correlation_id', true), ''))
  returning id
$$;
call app.guard_function('app.audit(uuid, text, uuid, text, uuid, jsonb)');

-- The new alert's id, or null while one with the same dedup_key waits for its acknowledgement. A null dedup_key never
-- meets another.
create function app.raise_alert(
  p_professional_id uuid, p_kind text, p_severity text, p_message text,
  p_entity_type text default null, p_entity_id uuid default null, p_dedup_key text default null
) returns uuid
language sql set search_path = '' as $$
  insert into public.marketing_alerts (professional_id, kind, severity, message, entity_type, entity_id, dedup_key)
  values (p_professional_id, p_kind, p_severity, p_message, p_entity_type, p_entity_id, p_dedup_key)
  on conflict (professional_id, dedup_key) where acknowledged_at is null do nothing
  returning id
$$;
call app.guard_function('app.raise_alert(uuid, text, text, text, text, uuid, text)');

-- Where a conversation lives now: a merge leaves merged_into_id behind and jobs still hold the old id. Null: unknown.
create function app.live_conversation(p_conversation_id uuid) returns uuid
language sql stable set search_path = '' as $$
  with recursive trail as (
    select id, merged_into_id from public.marketing_conversations where id = p_conversation_id
    union
    select next.id, next.merged_into_id
    from trail join public.marketing_conversations next on next.id = trail.merged_into_id
  )
  select id from trail where merged_into_id is null
$$;
call app.guard_function('app.live_conversation(uuid)');

-- The live conversation, locked until the transaction ends; all null when it is unknown or another professional's.
-- Walks the trail under lock, because a merge may win between reading and locking. "No key": inserting a row that
-- refers to the conversation need not wait, everything that changes it does.
create function app.lock_conversation(p_conversation_id uuid, p_professional_id uuid default null)
returns public.marketing_conversations
language plpgsql set search_path = '' as $$
declare
  next_id uuid := p_conversation_id;
  conversation public.marketing_conversations;
begin
  loop
    select * into conversation from public.marketing_conversations
    where id = next_id and (p_professional_id is null or professional_id = p_professional_id)
    for no key update;
    exit when conversation.merged_into_id is null;
    next_id := conversation.merged_into_id;
  end loop;
  return conversation;
end
$$;
call app.guard_function('app.lock_conversation(uuid, uuid)');

-- How an instant is written inside a json document, whatever the session's time zone.
create function app.iso_instant(p_at timestamptz) returns text
language sql immutable parallel safe set search_path = '' as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
call app.guard_function('app.iso_instant(timestamptz)');
