-- Who answers: the assistant hands over, a person takes over, hands back, or has read. (A person who writes takes over
-- by writing: app.person_speaks.)

-- Somebody unwell or upset is critical: that alert leaves the product.
create function app.alert_hand_over(p_conversation public.marketing_conversations, p_reason text) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_conversation.professional_id,
    case when p_reason = 'emergency' then 'emergency' else 'handoff' end,
    case when p_reason in ('emergency', 'complaint') then 'critical' else 'warning' end,
    case p_reason
      when 'emergency' then 'Un paciente describió una posible urgencia. Abrí la conversación y respondele.'
      when 'complaint' then 'Un paciente hizo un reclamo. Abrí la conversación y respondele.'
      else 'El asistente dejó una conversación para que la siga una persona.'
    end,
    'conversation', p_conversation.id, 'handoff:' || p_reason || ':' || p_conversation.id)
$$;
call app.guard_function('app.alert_hand_over(public.marketing_conversations, text)');

-- The assistant stops and a person is asked for. It may still send the words with which it says so: human_epoch stays.
create function public.hand_over(
  p_professional_id uuid, p_conversation_id uuid, p_reason text, p_actor_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.alert_hand_over(conversation, p_reason);
  if not conversation.ai_enabled then
    return jsonb_build_object('outcome', 'already_handed_over', 'conversation_id', conversation.id,
                              'handoff_reason', conversation.handoff_reason);
  end if;
  update public.marketing_conversations
  set ai_enabled = false, handoff_reason = p_reason, handoff_at = clock_timestamp()
  where id = conversation.id;
  perform app.audit(p_professional_id, 'conversation', conversation.id, 'conversation.handed_over', p_actor_id,
                    jsonb_build_object('reason', p_reason));
  return jsonb_build_object('outcome', 'handed_over', 'conversation_id', conversation.id, 'handoff_reason', p_reason);
end
$$;
call app.guard_function('public.hand_over(uuid, uuid, text, uuid)');

-- A person takes the conversation without having written yet. What is owed stays owed: the assistant no longer answers
-- it, but an emergency or an opt-out among it must still be noticed.
create function public.take_over(p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  update public.marketing_conversations
  set human_epoch = human_epoch + 1,
      ai_enabled = false,
      handoff_reason = case when ai_enabled then 'human_takeover' else handoff_reason end,
      handoff_at = case when ai_enabled then clock_timestamp() else handoff_at end
  where id = conversation.id;
  if conversation.ai_enabled then
    perform app.audit(p_professional_id, 'conversation', conversation.id, 'conversation.handed_over', p_actor_id,
                      jsonb_build_object('reason', 'human_takeover'));
  end if;
  return jsonb_build_object('outcome', 'taken_over', 'conversation_id', conversation.id,
                            'human_epoch', conversation.human_epoch + 1);
end
$$;
call app.guard_function('public.take_over(uuid, uuid, uuid)');

-- What the contact wrote in the last two hours, and nobody answered, becomes owed again. Answers how many messages.
create function app.owe_again(p_conversation public.marketing_conversations) returns integer
language plpgsql set search_path = '' as $$
declare
  new_epoch constant integer := p_conversation.epoch + 1;
  owed integer;
begin
  update public.marketing_messages set owed_epoch = new_epoch
  where conversation_id = p_conversation.id and owed_epoch is not null and revoked_at is null
    and created_at > greatest(p_conversation.last_human_at, p_conversation.last_ai_at, now() - interval '2 hours')
    and sent_at > now() - interval '2 hours';
  get diagnostics owed = row_count;
  if owed > 0 then
    update public.marketing_conversations
    set epoch = new_epoch, first_unanswered_at = now(), answer_due_at = now(), answer_rewrites = 0
    where id = p_conversation.id;
  end if;
  return owed;
end
$$;
call app.guard_function('app.owe_again(public.marketing_conversations)');

-- The assistant may answer again. An answer it was writing before is refused: human_epoch moves.
create function public.resume_ai(p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  owed integer;
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif conversation.ai_enabled then
    return jsonb_build_object('outcome', 'already_active', 'conversation_id', conversation.id, 'wake', null);
  end if;
  update public.marketing_conversations
  set human_epoch = human_epoch + 1, ai_enabled = true, handoff_reason = null, handoff_at = null,
      handed_back_at = clock_timestamp()
  where id = conversation.id;
  owed := app.owe_again(conversation);
  perform app.audit(p_professional_id, 'conversation', conversation.id, 'conversation.resumed', p_actor_id);
  return jsonb_build_object(
    'outcome', 'resumed', 'conversation_id', conversation.id, 'human_epoch', conversation.human_epoch + 1,
    'wake', case when owed > 0 then jsonb_build_object('conversation_id', conversation.id, 'delay_seconds', 0) end);
end
$$;
call app.guard_function('public.resume_ai(uuid, uuid, uuid)');

create function public.mark_read(p_professional_id uuid, p_conversation_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  update public.marketing_conversations set unread_count = 0 where id = conversation.id and unread_count > 0;
  return jsonb_build_object('outcome', 'read', 'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.mark_read(uuid, uuid)');
