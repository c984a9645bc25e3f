-- For a message to a phone instead of a conversation: the thread with that contact, found or begun. A contact who is
-- known keeps the digits Meta gave for them, and a number is nobody's patient when two share it.
create function public.open_conversation(p_professional_id uuid, p_channel_id uuid, p_phone text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
  conversation public.marketing_conversations;
begin
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id and type = 'whatsapp';
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  conversation := app.lock_conversation(app.conversation_of_contact(channel, p_phone, null), p_professional_id);
  update public.marketing_conversations
  set contact_phone = coalesce(contact_phone, '+' || regexp_replace(p_phone, '[^0-9]', '', 'g')),
      patient_id = coalesce(patient_id, app.find_patient(p_professional_id, p_phone))
  where id = conversation.id and (contact_phone is null or patient_id is null);
  return jsonb_build_object('outcome', 'opened', 'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.open_conversation(uuid, uuid, text)');
