-- Somebody else may have a contact's phone now ("número equivocado", "no soy Marta", a changed number): nothing that the
-- clinic begins is sent there, until the person gives the name they are known by or the clinic verifies the phone.

-- Whoever writes is answered as long as the window is open; a template begins, whoever sends it.
create function app.refuse_doubted_phone(
  p_request app.send_request, p_conversation public.marketing_conversations
) returns text
language sql volatile set search_path = '' as $$
  select case
    when p_conversation.phone_unverified_at is null then null
    when p_request.purpose in ('safety', 'consent_confirmation') then null
    when p_request.author in ('ai', 'professional') and p_request.template_name is null
      and p_request.purpose <> 'marketing'
      and p_conversation.last_inbound_at > clock_timestamp() - interval '24 hours' then null
    else 'phone_unverified'
  end
$$;
call app.guard_function('app.refuse_doubted_phone(app.send_request, public.marketing_conversations)');

-- As before, and asks whether the phone is still the contact's.
create or replace function public.gate_claim(p_professional_id uuid, p_conversation_id uuid, p_message jsonb) returns jsonb
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
    app.refuse_doubted_phone(request, conversation),
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
