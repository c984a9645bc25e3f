-- What the assistant asks of a person without leaving the conversation: a fact it lacks, an appointment to move. One open
-- task of a kind per conversation is enough, however often the contact asks.
create function public.raise_task(
  p_professional_id uuid, p_conversation_id uuid, p_kind text, p_message text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.raise_alert(p_professional_id, p_kind, 'info', p_message, 'conversation', conversation.id,
                          p_kind || ':' || conversation.id);
  return jsonb_build_object('outcome', 'raised', 'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.raise_task(uuid, uuid, text, text)');
