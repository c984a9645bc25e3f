-- What a worker needs to answer about appointments: what was changed and not told yet, whose phone it may be, and how
-- much was answered today.

-- Records with the phone of a conversation: of one only is it known whose it is.
create function app.patients_with_phone(p_conversation public.marketing_conversations) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'full_name', full_name, 'is_minor', is_minor)
                            order by full_name, id), '[]')
  from public.patients
  where professional_id = p_conversation.professional_id
    and app.canonical_phone(phone) = app.canonical_phone(p_conversation.contact_phone)
$$;
call app.guard_function('app.patients_with_phone(public.marketing_conversations)');

-- Answers of the assistant in the last 24 hours, since a person gave the conversation back: without safety texts and
-- confirmed opt-outs, which nobody may be refused, and without what never left.
create function app.ai_answers_today(p_conversation public.marketing_conversations) returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.marketing_messages
  where conversation_id = p_conversation.id and direction = 'outbound' and sender = 'ai'
    and created_at > greatest(now() - interval '24 hours', p_conversation.handed_back_at)
    and coalesce(answer_part, 0) = 0 and status <> 'failed'
    and coalesce(purpose, 'care') not in ('safety', 'consent_confirmation')
$$;
call app.guard_function('app.ai_answers_today(public.marketing_conversations)');

create or replace function app.answer_material(
  p_conversation public.marketing_conversations, p_channel public.marketing_channels, p_professional public.professionals,
  p_history integer
) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'professional', to_jsonb(p_professional),
    'channel', (select to_jsonb(shown) from (select p_channel.id, p_channel.type, p_channel.ai_mode,
      p_channel.display_name, p_channel.display_phone_number, p_channel.settings) as shown),
    'credential', (select to_jsonb(shown) from (select id, phone_number_id, external_business_id, ai_provider, ai_model,
      ai_persona, status from public.marketing_channel_credentials where id = p_channel.credential_id) as shown),
    'conversation', to_jsonb(p_conversation),
    'patient', (select jsonb_build_object('id', id, 'full_name', full_name, 'is_minor', is_minor)
      from public.patients where id = p_conversation.patient_id),
    'patients', app.patients_with_phone(p_conversation),
    'unanswered', (select coalesce(jsonb_agg(to_jsonb(owed) order by owed.owed_epoch, owed.created_at), '[]')
      from app.unanswered_messages(p_conversation) as owed),
    'history', app.message_history(p_conversation, p_history),
    'open_offers', (select coalesce(jsonb_agg(to_jsonb(offer) order by offer.starts_at, offer.group_part), '[]')
      from public.marketing_slot_offers offer
      where offer.conversation_id = p_conversation.id and offer.withdrawn_at is null and offer.expires_at > now()),
    'appointments', (select coalesce(jsonb_agg(to_jsonb(booked) order by booked.starts_at), '[]')
      from public.appointments booked
      where (booked.conversation_id = p_conversation.id or booked.patient_id = p_conversation.patient_id)
        and booked.status = 'booked' and booked.starts_at > now()),
    -- since the contact waits: what a worker did that died before it could say so, cancelled ones too
    'changed', (select coalesce(jsonb_agg(to_jsonb(changed) order by changed.chat_changed_at, changed.starts_at), '[]')
      from public.appointments changed
      where (changed.conversation_id = p_conversation.id or changed.patient_id = p_conversation.patient_id)
        and changed.chat_changed_at >= p_conversation.first_unanswered_at),
    'ai_answers_today', app.ai_answers_today(p_conversation),
    -- who is writing is said at first, after a day of silence, and again after a person gave the conversation back
    'first_answer', coalesce(
      p_conversation.last_ai_at < greatest(p_conversation.handed_back_at, now() - interval '24 hours'), true))
$$;
