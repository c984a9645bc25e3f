-- What became of our messages. Statuses come in any order, more than once, and before our own record of the send: every
-- one is kept, and the message's state is computed from all of them, so that no order leads elsewhere.

-- played: a voice message was listened to. A word we do not know has no rank and moves nothing.
create function app.status_as_stored(p_status text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case p_status when 'played' then 'read' else p_status end
$$;
call app.guard_function('app.status_as_stored(text)');

-- The statuses of one message: by Meta's id, or by ours, which travelled as biz_opaque_callback_data.
create function app.statuses_of(p_message public.marketing_messages) returns setof public.message_status_events
language sql stable set search_path = '' as $$
  select * from public.message_status_events
  where channel_id = p_message.channel_id and external_id = p_message.external_id
  union
  select * from public.message_status_events
  where channel_id = p_message.channel_id and reference = p_message.id::text
$$;
call app.guard_function('app.statuses_of(public.marketing_messages)');

-- What Meta said went wrong, in the shape of marketing_messages.error.
create function app.status_error(p_payload jsonb) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case when jsonb_typeof(p_payload -> 'errors' -> 0) = 'object'
    then jsonb_build_object(
      'code', p_payload #> '{errors,0,code}',
      'message', coalesce(p_payload #> '{errors,0,message}', p_payload #> '{errors,0,title}'),
      'details', p_payload #> '{errors,0,error_data,details}',
      'errors', p_payload -> 'errors')
    else jsonb_build_object('code', null, 'message', 'failed without a reason')
  end
$$;
call app.guard_function('app.status_error(jsonb)');

-- {"sent": "<instant>", …} of everything known: what the row says and what Meta reported, the earliest of each.
create function app.earliest_times(p_message public.marketing_messages) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(status, app.iso_instant(first_at)), '{}')
  from (
    select status, min(occurred_at) as first_at
    from (
      select status, occurred_at from app.statuses_of(p_message)
      union all
      select key, value::timestamptz from jsonb_each_text(p_message.status_times)
    ) as reported
    group by status
  ) as earliest
$$;
call app.guard_function('app.earliest_times(public.marketing_messages)');

-- A patient may be waiting for what never arrived, so a person is told; and nobody who opted out by a tap at Meta is
-- written to again. The caller holds the conversation.
create function app.note_failure(p_message public.marketing_messages, p_failed_at timestamptz) returns void
language plpgsql set search_path = '' as $$
declare
  code constant text := p_message.error ->> 'code';
  conversation public.marketing_conversations;
begin
  if code = '131050' then
    select * into conversation from public.marketing_conversations where id = p_message.conversation_id;
    perform app.add_consent_of(conversation, 'marketing', 'withdrawn', 'meta_131050', null, null, null, p_failed_at);
  end if;
  if code = '131042' then
    perform app.raise_alert(
      p_message.professional_id, 'payment_problem', 'critical',
      'Meta rechaza los mensajes por un problema de pago de la cuenta de WhatsApp. Revisá el medio de pago en Meta.',
      'channel', p_message.channel_id, 'payment_problem:' || p_message.channel_id);
  elsif p_message.sender in ('ai', 'professional') then
    perform app.raise_alert(
      p_message.professional_id, 'message_failed', 'warning',
      'Un mensaje no se pudo entregar. Abrí la conversación para ver el motivo.',
      'message', p_message.id, 'message_failed:' || p_message.id);
  end if;
end
$$;
call app.guard_function('app.note_failure(public.marketing_messages, timestamptz)');

-- Brings an outbound message up to all that is known of it, never down. The caller holds its conversation. Also called
-- once a send is settled or an echo is stored, for the statuses that were faster.
create function app.apply_statuses(p_message_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  message public.marketing_messages;
  top public.message_status_events;
  times jsonb;
  new_status text;
begin
  select * into message from public.marketing_messages where id = p_message_id and direction = 'outbound' for update;
  select * into top from app.statuses_of(message)
  order by app.message_rank(app.status_as_stored(status)) desc nulls last, occurred_at, payload::text limit 1;
  if top.id is null then
    return;
  end if;
  update public.message_status_events set message_id = message.id
  where id in (select id from app.statuses_of(message)) and message_id is distinct from message.id;

  times := app.earliest_times(message);
  new_status := app.status_as_stored(top.status);
  if coalesce(app.message_rank(new_status), 0) <= app.message_rank(message.status) then
    new_status := message.status;
  end if;
  update public.marketing_messages
  set status = new_status,
      status_times = times,
      sent_at = coalesce(sent_at, (times ->> 'sent')::timestamptz),
      -- one row has Meta's id; should an echo have made its own, that one keeps it
      external_id = coalesce(external_id, case when not exists (
        select from public.marketing_messages
        where channel_id = message.channel_id and external_id = top.external_id) then top.external_id end),
      next_attempt_at = case when new_status = 'sending' then next_attempt_at end,
      error = case
        when new_status = 'failed' and top.status = 'failed' then app.status_error(top.payload)
        when new_status = message.status then error
      end
  where id = message.id
    -- a status that says nothing new leaves the row alone: whoever polls by updated_at would see a change that is none
    and (status <> new_status or status_times <> times or external_id is null
         or (sent_at is null and times ? 'sent'));
  if new_status = 'failed' and message.status <> 'failed' then
    select * into message from public.marketing_messages where id = p_message_id;
    perform app.note_failure(message, top.occurred_at);
  end if;
end
$$;
call app.guard_function('app.apply_statuses(uuid)');

-- Ours, by Meta's id or by our own; a reference is only believed on the channel it came from.
create function app.message_of_status(p_channel_id uuid, p_external_id text, p_reference text)
returns public.marketing_messages
language sql stable set search_path = '' as $$
  select * from public.marketing_messages
  where channel_id = p_channel_id and direction = 'outbound'
    and (external_id = p_external_id
         or id = case when p_reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_reference::uuid end)
  order by external_id = p_external_id desc nulls last
  limit 1
$$;
call app.guard_function('app.message_of_status(uuid, text, text)');

-- Statuses name their recipient, sometimes by phone and user id at once: then both are known to be one contact, before
-- that contact writes from one of them alone.
create function app.learn_identities(p_channel public.marketing_channels, p_phone text, p_user_id text) returns void
language plpgsql set search_path = '' as $$
declare
  conversation_id uuid;
begin
  if app.canonical_phone(p_phone) is null or p_user_id is null then
    return;
  end if;
  conversation_id := app.conversation_of(p_channel, app.identities_of(p_phone, p_user_id), false);
  update public.marketing_conversations
  set contact_phone = coalesce(contact_phone, p_phone), contact_user_id = coalesce(contact_user_id, p_user_id)
  where id = conversation_id and (contact_phone is null or contact_user_id is null);
end
$$;
call app.guard_function('app.learn_identities(public.marketing_channels, text, text)');

create function app.ingest_status(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  message public.marketing_messages;
  is_new boolean;
begin
  insert into public.message_status_events
    (professional_id, channel_id, external_id, reference, status, occurred_at, payload)
  values (p_channel.professional_id, p_channel.id, p_event ->> 'external_id', p_event ->> 'reference',
          p_event ->> 'status', (p_event ->> 'occurred_at')::timestamptz,
          jsonb_strip_nulls(jsonb_build_object(
            'errors', p_event -> 'errors', 'pricing', p_event -> 'pricing', 'conversation', p_event -> 'conversation')))
  on conflict (channel_id, external_id, status, occurred_at) do nothing;
  is_new := found;
  if p_event ->> 'group_id' is null then
    perform app.learn_identities(p_channel, p_event ->> 'contact_phone', p_event ->> 'contact_user_id');
  end if;
  message := app.message_of_status(p_channel.id, p_event ->> 'external_id', p_event ->> 'reference');
  if message.id is not null then
    message.conversation_id := (app.lock_conversation(message.conversation_id)).id;
    perform app.apply_statuses(message.id);
  end if;
  return jsonb_build_object(
    'outcome', case when is_new then 'applied' else 'duplicate' end, 'reason', null,
    'professional_id', p_channel.professional_id, 'channel_id', p_channel.id,
    'conversation_id', message.conversation_id, 'message_id', message.id, 'wake', null, 'media', false);
end
$$;
call app.guard_function('app.ingest_status(public.marketing_channels, jsonb)');

-- A status and the settling of its send can pass each other unseen: each was written before the other was visible. What
-- stayed unmatched a minute is looked at again. Bounded, because an account's other apps send messages we never know.
create function public.match_statuses(p_limit integer default 100) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  message record;
  matched integer := 0;
begin
  for message in
    select distinct found.id, found.conversation_id
    from (select * from public.message_status_events
          where message_id is null and created_at between now() - interval '1 hour' and now() - interval '1 minute'
          order by created_at limit p_limit) as unmatched
    cross join lateral app.message_of_status(unmatched.channel_id, unmatched.external_id, unmatched.reference) as found
    where found.id is not null
    order by found.conversation_id
  loop
    perform app.lock_conversation(message.conversation_id);
    perform app.apply_statuses(message.id);
    matched := matched + 1;
  end loop;
  return jsonb_build_object('matched', matched);
end
$$;
call app.guard_function('public.match_statuses(integer)');
