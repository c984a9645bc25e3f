-- Handing over tells the person what it was about: a summary in the thread, and for requests about personal data the
-- day by which the law wants them answered.

create or replace function app.alert_hand_over(p_conversation public.marketing_conversations, p_reason text)
returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_conversation.professional_id,
    case when p_reason = 'emergency' then 'emergency' else 'handoff' end,
    case when p_reason in ('emergency', 'complaint') then 'critical' else 'warning' end,
    case p_reason
      when 'emergency' then 'Un paciente describió una posible urgencia. Abrí la conversación y respondele.'
      when 'complaint' then 'Un paciente hizo un reclamo. Abrí la conversación y respondele.'
      when 'data_request' then 'Alguien pide ver, corregir o borrar sus datos. Abrí la conversación y respondele.'
      when 'bot_loop' then 'El asistente dejó de responder en una conversación que se repite. Abrila y mirá quién escribe.'
      when 'too_many_messages' then
        'El asistente llegó al límite de respuestas del día en una conversación. Abrila y seguila vos.'
      else 'El asistente dejó una conversación para que la siga una persona.'
    end,
    'conversation', p_conversation.id, 'handoff:' || p_reason || ':' || p_conversation.id)
$$;

-- A request about personal data has a deadline: to see, to correct and to delete are told each with its own, also while
-- a person has the conversation. The same one again changes nothing about its day.
create function app.alert_data_request(p_conversation public.marketing_conversations, p_details jsonb) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_conversation.professional_id, 'data_request', 'warning', p_details ->> 'message',
    'conversation', p_conversation.id,
    format('data_request:%s:%s', coalesce(p_details ->> 'right', 'any'), p_conversation.id))
$$;
call app.guard_function('app.alert_data_request(public.marketing_conversations, jsonb)');

drop function public.hand_over(uuid, uuid, text, uuid);

-- The assistant stops and a person is asked for. It may still send the words with which it says so: human_epoch stays.
-- p_details: {"summary": what was said and done so far, for the thread, and of a data request "right": what is wanted,
-- "message": its sentence, "due_on": its last day}.
create function public.hand_over(
  p_professional_id uuid, p_conversation_id uuid, p_reason text, p_actor_id uuid default null,
  p_details jsonb default '{}'
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  if p_details ->> 'message' is not null then
    perform app.alert_data_request(conversation, p_details);
  else
    perform app.alert_hand_over(conversation, p_reason);
  end if;
  if not conversation.ai_enabled then
    return jsonb_build_object('outcome', 'already_handed_over', 'conversation_id', conversation.id,
                              'handoff_reason', conversation.handoff_reason);
  end if;
  update public.marketing_conversations
  set ai_enabled = false, handoff_reason = p_reason, handoff_at = clock_timestamp()
  where id = conversation.id;
  perform app.end_suggestion(conversation);
  if p_details ->> 'summary' is not null then
    insert into public.marketing_messages
      (professional_id, conversation_id, channel_id, direction, sender, type, body, payload, created_at)
    values
      (conversation.professional_id, conversation.id, conversation.channel_id, 'system', 'system', 'handoff_summary',
       p_details ->> 'summary', jsonb_build_object('reason', p_reason), clock_timestamp());
  end if;
  perform app.audit(
    p_professional_id, 'conversation', conversation.id, 'conversation.handed_over', p_actor_id,
    jsonb_strip_nulls(jsonb_build_object(
      'reason', p_reason, 'right', p_details -> 'right', 'due_on', p_details -> 'due_on')));
  return jsonb_build_object('outcome', 'handed_over', 'conversation_id', conversation.id, 'handoff_reason', p_reason);
end
$$;
call app.guard_function('public.hand_over(uuid, uuid, text, uuid, jsonb)');
