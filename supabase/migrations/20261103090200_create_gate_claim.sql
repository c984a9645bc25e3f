-- The one gate through which every message to a contact leaves: the rules, the row and the lease in one transaction.

-- A refused message of which nobody may hear nothing: the contact has, say, an appointment and was not told. It stays
-- in the thread as a system row, and a person is asked to tell.
create function app.keep_untold_effect(
  p_conversation public.marketing_conversations, p_request app.send_request, p_code text
) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- A retry's own row holds the answer's place already.
  v_epoch constant integer := case when p_request.message_id is null then p_request.answer_epoch end;
  v_part constant integer := case when p_request.message_id is null then p_request.answer_part end;
  kept_id uuid;
begin
  insert into public.marketing_messages
    (professional_id, conversation_id, channel_id, direction, sender, type, body, payload, human_epoch, answer_epoch,
     answer_part, states_effect, error, created_at)
  values
    (p_conversation.professional_id, p_conversation.id, p_conversation.channel_id, 'system', 'system', p_request.type,
     p_request.body, p_request.payload, p_request.human_epoch, v_epoch, v_part, true,
     jsonb_build_object('code', p_code), clock_timestamp())
  on conflict (conversation_id, answer_epoch, answer_part) do nothing
  returning id into kept_id;
  if kept_id is null then  -- asked a second time
    select id into kept_id from public.marketing_messages
    where conversation_id = p_conversation.id and answer_epoch = v_epoch and answer_part = v_part;
    return kept_id;
  end if;
  perform app.raise_alert(
    p_conversation.professional_id, 'effect_not_told', 'warning',
    'El asistente hizo un cambio en la agenda y no pudo avisarle al paciente. Abrí la conversación y confirmáselo.',
    'conversation', p_conversation.id, 'effect_not_told:' || kept_id);
  return kept_id;
end
$$;
call app.guard_function('app.keep_untold_effect(public.marketing_conversations, app.send_request, text)');

-- A refusal changes nothing, with two exceptions that would otherwise be lost: an effect nobody told, and a waiting row
-- that would be tried for ever.
create function app.refused(
  p_conversation public.marketing_conversations, p_request app.send_request, p_code text
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  answer jsonb := jsonb_build_object('outcome', 'refused', 'code', p_code);
begin
  if p_request.message_id is not null then
    update public.marketing_messages
    set status = 'failed', next_attempt_at = null, error = jsonb_build_object('code', p_code)
    where id = p_request.message_id;
  end if;
  if p_request.states_effect and p_code <> 'already_answered' then
    answer := answer || jsonb_build_object(
      'system_message_id', app.keep_untold_effect(p_conversation, p_request, p_code));
  end if;
  return answer;
end
$$;
call app.guard_function('app.refused(public.marketing_conversations, app.send_request, text)');

create function app.ask_rewrite(p_conversation_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.marketing_conversations set answer_rewrites = answer_rewrites + 1 where id = p_conversation_id;
  return jsonb_build_object('outcome', 'outdated');
end
$$;
call app.guard_function('app.ask_rewrite(uuid)');

-- A person writes: they have the conversation from this moment, also while an answer of the assistant is in flight.
create function app.person_speaks(
  p_conversation public.marketing_conversations, p_actor_id uuid
) returns public.marketing_conversations
language plpgsql set search_path = '' as $$
declare
  spoken public.marketing_conversations;
begin
  update public.marketing_conversations
  set human_epoch = human_epoch + 1,
      last_human_at = clock_timestamp(),
      ai_enabled = false,
      handoff_reason = case when ai_enabled then 'human_reply' else handoff_reason end,
      handoff_at = case when ai_enabled then clock_timestamp() else handoff_at end,
      unread_count = 0,
      answered_epoch = epoch,
      answer_due_at = null,
      first_unanswered_at = null,
      answer_rewrites = 0
  where id = p_conversation.id
  returning * into spoken;
  if p_conversation.ai_enabled then
    perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'conversation.handed_over',
                      p_actor_id, jsonb_build_object('reason', 'human_reply'));
  end if;
  return spoken;
end
$$;
call app.guard_function('app.person_speaks(public.marketing_conversations, uuid)');

create function app.busy(p_conversation public.marketing_conversations) returns jsonb
language sql volatile set search_path = '' as $$
  -- Most sends take a few hundred milliseconds: asking again soon beats waiting for the lease to die.
  select jsonb_build_object(
    'outcome', 'busy',
    'retry_after_ms', least(
      250, ceil(extract(epoch from p_conversation.send_lease_until - clock_timestamp()) * 1000)::integer))
$$;
call app.guard_function('app.busy(public.marketing_conversations)');

-- The row of this attempt: a new one, or the one that waited. Created now and not when the transaction began, which may
-- have been before the message it answers, or before the person it must not follow.
create function app.row_to_send(
  p_conversation public.marketing_conversations, p_request app.send_request
) returns public.marketing_messages
language plpgsql set search_path = '' as $$
declare
  lease_until constant timestamptz := clock_timestamp() + p_request.send_lease;
  message public.marketing_messages;
begin
  if p_request.message_id is not null then
    update public.marketing_messages
    set next_attempt_at = null, send_lease_until = lease_until, purpose = p_request.purpose
    where id = p_request.message_id
    returning * into message;
    return message;
  end if;
  insert into public.marketing_messages
    (professional_id, conversation_id, channel_id, direction, sender, actor_id, type, body, payload, status, purpose,
     human_epoch, answer_epoch, answer_part, states_effect, attempt, not_after, send_lease_until, ai_metadata,
     request_key, created_at)
  values
    (p_conversation.professional_id, p_conversation.id, p_conversation.channel_id, 'outbound', p_request.author,
     p_request.actor_id, p_request.type, p_request.body, p_request.payload, 'sending', p_request.purpose,
     p_conversation.human_epoch, p_request.answer_epoch, p_request.answer_part, p_request.states_effect, 1,
     p_request.not_after, lease_until, p_request.ai_metadata, p_request.request_key, clock_timestamp())
  returning * into message;
  return message;
end
$$;
call app.guard_function('app.row_to_send(public.marketing_conversations, app.send_request)');

-- What the conversation remembers of a message about to leave. For an answer of the assistant: it is given, and what
-- the contact wrote after the text was made stays owed, from the time it was written.
create function app.note_send(
  p_conversation public.marketing_conversations, p_message public.marketing_messages
) returns void
language plpgsql set search_path = '' as $$
declare
  is_answer constant boolean := p_message.sender = 'ai' and p_message.answer_epoch is not null;
  answers_all constant boolean := is_answer and p_message.answer_epoch >= p_conversation.epoch;
  owed_since timestamptz := p_conversation.first_unanswered_at;
begin
  if answers_all then
    owed_since := null;
  elsif is_answer then
    select coalesce(min(created_at), owed_since) into owed_since from public.marketing_messages
    where conversation_id = p_conversation.id and owed_epoch > p_message.answer_epoch;
  end if;
  update public.marketing_conversations
  set send_lease_message_id = p_message.id,
      send_lease_until = p_message.send_lease_until,
      last_ai_at = case when p_message.sender = 'ai' then clock_timestamp() else last_ai_at end,
      last_safety_at = case when p_message.purpose = 'safety' then clock_timestamp() else last_safety_at end,
      answered_epoch = greatest(answered_epoch, case when is_answer then p_message.answer_epoch end),
      answer_rewrites = case when is_answer then 0 else answer_rewrites end,
      first_unanswered_at = owed_since,
      answer_due_at = case when answers_all then null else answer_due_at end
  where id = p_conversation.id;
end
$$;
call app.guard_function('app.note_send(public.marketing_conversations, public.marketing_messages)');

-- The exact digits Meta gave, or the user id of a contact whose phone Meta does not show; never both.
create function app.granted(
  p_conversation public.marketing_conversations, p_channel app.sending_channel, p_message public.marketing_messages
) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  phone constant text := case when p_channel.type = 'whatsapp' then p_conversation.contact_phone end;
begin
  if phone is null and p_conversation.contact_user_id is null then
    raise exception 'conversation % has nobody to send to', p_conversation.id using errcode = 'data_exception';
  end if;
  return jsonb_build_object(
    'outcome', 'granted',
    'message_id', p_message.id,
    'conversation_id', p_conversation.id,
    'channel_id', p_channel.id,
    'credential_id', p_channel.credential_id,
    'phone_number_id', p_channel.phone_number_id,
    'to', phone,
    'recipient', case when phone is null then p_conversation.contact_user_id end,
    'attempt', p_message.attempt);
end
$$;
call app.guard_function('app.granted(public.marketing_conversations, app.sending_channel, public.marketing_messages)');

-- What a request with this key sent in the 24 h that a key lives; null when nothing, or when it definitely was not sent.
-- No constraint is needed: a request names its conversation, whose lock is held.
create function app.sent_before(p_professional_id uuid, p_request app.send_request) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('outcome', 'repeated', 'message_id', id, 'conversation_id', conversation_id,
                            'external_id', external_id, 'status', status)
  from public.marketing_messages
  where professional_id = p_professional_id and request_key = p_request.request_key and status <> 'failed'
    and created_at > now() - interval '24 hours'
$$;
call app.guard_function('app.sent_before(uuid, app.send_request)');

-- Asks to send one message. The answer is granted (the row exists as `sending` and must be settled), refused with a
-- code, outdated (write it again), busy (another send is in flight), throttled or repeated (the same request sent it
-- before); only granted may be sent.
create function public.gate_claim(p_professional_id uuid, p_conversation_id uuid, p_message jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  request app.send_request := app.read_send_request(p_message);
  waiting public.marketing_messages;
  channel app.sending_channel;
  template public.marketing_templates;
  message public.marketing_messages;
  person_begins boolean;
  refusal text;
  throttle jsonb;
  sent jsonb;
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform set_config('app.correlation_id', coalesce(p_message ->> 'correlation_id', ''), true);

  if p_message ->> 'message_id' is not null then
    select * into waiting from public.marketing_messages
    where id = (p_message ->> 'message_id')::uuid and conversation_id = conversation.id
      and status = 'sending' and next_attempt_at is not null
    for update;
    if not found then  -- another worker retried it, or its time ran out
      return jsonb_build_object('outcome', 'refused', 'code', 'already_answered');
    end if;
    request := app.retry_request(p_message, waiting);
  end if;
  perform app.check_send_request(request);
  sent := app.sent_before(p_professional_id, request);
  if sent is not null then
    return sent;
  end if;

  channel := app.sending_channel(conversation.channel_id);
  select * into template from public.marketing_templates
  where channel_id = conversation.channel_id
    and name = request.template_name and language = request.template_language;
  request.purpose := app.effective_purpose(request, template);

  refusal := coalesce(
    app.refuse_disabled_feature(p_professional_id, request, channel),
    app.refuse_dead_channel(channel),
    app.refuse_late(request),
    app.refuse_outdated_human(request, conversation),
    app.refuse_answered(request, conversation));
  if refusal is not null then
    return app.refused(conversation, request, refusal);
  end if;
  if app.wants_rewrite(request, conversation) then
    return app.ask_rewrite(conversation.id);
  end if;
  refusal := coalesce(
    app.refuse_without_consent(request, conversation),
    app.refuse_outside_window(request, conversation, template));
  if refusal is not null then
    return app.refused(conversation, request, refusal);
  end if;

  person_begins := request.author = 'professional' and not request.human_epoch_moved;
  if conversation.send_lease_until > clock_timestamp() then
    -- Nothing is sent yet, but the person has spoken: no answer of the assistant may pass while they wait.
    if person_begins then
      perform app.person_speaks(conversation, request.actor_id);
    end if;
    return app.busy(conversation);
  end if;
  if waiting.next_attempt_at > clock_timestamp() then
    return jsonb_build_object(
      'outcome', 'throttled',
      'scope', case waiting.error ->> 'code' when '131056' then 'pair' else 'channel' end,
      'retry_after_ms', ceil(extract(epoch from waiting.next_attempt_at - clock_timestamp()) * 1000)::integer);
  end if;
  throttle := app.take_pace(conversation, channel.throughput_per_second);
  if throttle is not null then
    return jsonb_build_object('outcome', 'throttled') || throttle;
  end if;

  if person_begins then
    conversation := app.person_speaks(conversation, request.actor_id);
  end if;
  message := app.row_to_send(conversation, request);
  perform app.note_send(conversation, message);
  return app.granted(conversation, channel, message);
end
$$;
call app.guard_function('public.gate_claim(uuid, uuid, jsonb)');
