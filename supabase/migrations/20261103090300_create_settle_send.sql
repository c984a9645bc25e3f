-- What became of a message the gate granted. Told twice, or after its lease died, it changes only what may still
-- change: a status moves up, never down.

create function app.earlier_time(p_times jsonb, p_status text, p_at timestamptz) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select p_times || jsonb_build_object(
    p_status, app.iso_instant(least((p_times ->> p_status)::timestamptz, p_at)))
$$;
call app.guard_function('app.earlier_time(jsonb, text, timestamptz)');

-- Meta took it. Also after the lease died (unknown), and after a status that was faster.
create function app.record_sent(p_message_id uuid, p_external_id text) returns void
language sql set search_path = '' as $$
  update public.marketing_messages
  set external_id = coalesce(external_id, p_external_id),
      status = case when app.message_rank(status) < app.message_rank('sent') then 'sent' else status end,
      error = case when app.message_rank(status) < app.message_rank('sent') then null else error end,
      status_times = app.earlier_time(status_times, 'sent', coalesce(sent_at, now())),
      sent_at = coalesce(sent_at, now()),
      next_attempt_at = null,
      send_lease_until = null
  where id = p_message_id
$$;
call app.guard_function('app.record_sent(uuid, text)');

-- Meta refused it, so it was not sent. A person who waits for the answer sees that; what was automatic needs an alert.
create function app.record_failed(p_message_id uuid, p_error jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  message public.marketing_messages;
begin
  update public.marketing_messages
  set status = 'failed',
      error = p_error,
      status_times = app.earlier_time(status_times, 'failed', now()),
      next_attempt_at = null,
      send_lease_until = null
  where id = p_message_id and status in ('sending', 'unknown')
  returning * into message;
  if found and (message.sender <> 'professional' or p_error ->> 'code' in ('131042', '131050')) then
    perform app.note_failure(message, now());
  end if;
end
$$;
call app.guard_function('app.record_failed(uuid, jsonb)');

-- It may have been sent, and Meta has no idempotency key: never sent again, but a status can still settle it.
create function app.record_unknown(p_message_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  message public.marketing_messages;
begin
  update public.marketing_messages set status = 'unknown', send_lease_until = null
  where id = p_message_id and status = 'sending' and next_attempt_at is null
  returning * into message;
  if found and message.sender = 'ai' then
    perform app.raise_alert(
      message.professional_id, 'answer_unconfirmed', 'warning',
      'No se pudo confirmar si una respuesta del asistente llegó. Abrí la conversación para revisarla.',
      'message', message.id, 'answer_unconfirmed:' || message.id);
  end if;
end
$$;
call app.guard_function('app.record_unknown(uuid)');

-- Meta is throttling, so it was not sent. An automatic message waits as the same row, for four attempts in all; nobody
-- waits with a person's, and one whose lease died is past waiting.
create function app.record_throttled(
  p_message public.marketing_messages, p_retry_at timestamptz, p_error jsonb
) returns void
language plpgsql set search_path = '' as $$
begin
  if p_message.next_attempt_at is not null then
    return;  -- told twice
  end if;
  if p_message.sender = 'professional' or p_message.status <> 'sending' or p_message.attempt >= 4 then
    perform app.record_failed(p_message.id, p_error);
    return;
  end if;
  update public.marketing_messages
  set next_attempt_at = p_retry_at, attempt = attempt + 1, error = p_error, send_lease_until = null
  where id = p_message.id;
end
$$;
call app.guard_function('app.record_throttled(public.marketing_messages, timestamptz, jsonb)');

-- Lets the next message of the conversation pass. A lease that died and was given to another message is that one's.
create function app.end_send(p_conversation_id uuid, p_message_id uuid) returns void
language sql set search_path = '' as $$
  update public.marketing_conversations
  set send_lease_message_id = null, send_lease_until = null,
      last_message_at = greatest(last_message_at, clock_timestamp())
  where id = p_conversation_id and send_lease_message_id = p_message_id
$$;
call app.guard_function('app.end_send(uuid, uuid)');

-- p_result: {"status": "sent", "external_id"} · {"status": "failed", "error"} · {"status": "unknown"} ·
-- {"status": "throttled", "retry_at", "error"}. Answers the message as it is then.
create function public.settle_send(p_professional_id uuid, p_message_id uuid, p_result jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  outcome constant text := p_result ->> 'status';
  conversation public.marketing_conversations;
  message public.marketing_messages;
begin
  conversation := app.lock_conversation(
    (select conversation_id from public.marketing_messages
     where id = p_message_id and professional_id = p_professional_id and direction = 'outbound'),
    p_professional_id);
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into message from public.marketing_messages where id = p_message_id for update;

  if outcome = 'sent' then
    perform app.record_sent(message.id, p_result ->> 'external_id');
  elsif outcome = 'failed' then
    perform app.record_failed(message.id, p_result -> 'error');
  elsif outcome = 'unknown' then
    perform app.record_unknown(message.id);
  elsif outcome = 'throttled' then
    perform app.record_throttled(message, (p_result ->> 'retry_at')::timestamptz, p_result -> 'error');
  else
    raise exception 'settle_send: unknown status %', outcome using errcode = 'invalid_parameter_value';
  end if;
  perform app.apply_statuses(message.id);
  perform app.end_send(conversation.id, message.id);

  select * into message from public.marketing_messages where id = p_message_id;
  return jsonb_build_object(
    'outcome', 'settled', 'message_id', message.id, 'external_id', message.external_id, 'status', message.status,
    'conversation_id', message.conversation_id);
end
$$;
call app.guard_function('public.settle_send(uuid, uuid, jsonb)');
