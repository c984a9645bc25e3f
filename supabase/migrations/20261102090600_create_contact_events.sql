-- Events about a contact that are no messages: a new number or user id, a marketing preference set inside WhatsApp.

-- The contact has another number, user id or security code. What they are called now joins what they were called before;
-- should the new name have a conversation of its own, that is the same contact's.
create function app.ingest_identity(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(app.conversation_of(
    p_channel,
    app.event_identities(p_event) || app.identities_of(p_event ->> 'new_phone', p_event ->> 'new_user_id')));
  message_id uuid := app.add_event_row(conversation, p_event, 'system');
begin
  if message_id is null then
    return app.duplicate_answer(p_channel, p_event);
  end if;
  perform app.refresh_contact(conversation, p_event);
  update public.marketing_conversations
  set contact_phone = coalesce(p_event ->> 'new_phone', contact_phone),
      contact_user_id = coalesce(p_event ->> 'new_user_id', contact_user_id)
  where id = conversation.id;
  if p_event ->> 'change' in ('number', 'user_id') then
    perform app.audit(conversation.professional_id, 'conversation', conversation.id, 'contact.identity_changed', null,
                      jsonb_build_object('change', p_event ->> 'change', 'message_id', message_id));
  end if;
  return app.event_answer('stored', p_channel, conversation.id, message_id);
end
$$;
call app.guard_function('app.ingest_identity(public.marketing_channels, jsonb)');

-- A preference of somebody who has no conversation: kept under their identities, and found by the first one they begin.
create function app.add_strangers_consent(
  p_channel public.marketing_channels, p_event jsonb, p_action text
) returns boolean
language plpgsql set search_path = '' as $$
declare
  phone constant text := app.canonical_phone(p_event ->> 'contact_phone');
  patient constant uuid := app.find_patient(p_channel.professional_id, phone);
  event public.marketing_consent_events;
  identity app.identity;
  added boolean := false;
begin
  event.professional_id := p_channel.professional_id;
  event.patient_id := patient;
  event.scope := 'marketing';
  event.action := p_action;
  event.source := 'user_preferences';
  event.wording := p_event ->> 'detail';
  event.occurred_at := app.event_time(p_event);
  foreach identity in array app.event_identities(p_event) loop
    event.contact_kind := identity.kind;
    event.contact_value := identity.value;
    added := app.add_consent(event) or added;
  end loop;
  if added then
    perform app.project_marketing(p_channel.professional_id, patient, phone, p_action = 'granted');
  end if;
  return added;
end
$$;
call app.guard_function('app.add_strangers_consent(public.marketing_channels, jsonb, text)');

-- Marketing only: whoever stops offers still wants to hear about their appointment.
create function app.ingest_preference(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  action constant text := case
    when p_event ->> 'category' is distinct from 'marketing_messages' then null
    when p_event ->> 'value' = 'stop' then 'withdrawn'
    when p_event ->> 'value' in ('resume', 'signup') then 'granted'
  end;
  conversation public.marketing_conversations;
  added boolean;
begin
  if action is null then
    return app.event_answer('applied', p_channel, null, null) || jsonb_build_object('reason', 'unknown_preference');
  end if;
  conversation := app.lock_conversation(app.conversation_of(p_channel, app.event_identities(p_event), false));
  if conversation.id is null then
    added := app.add_strangers_consent(p_channel, p_event, action);
  else
    added := app.add_consent_of(conversation, 'marketing', action, 'user_preferences', p_event ->> 'detail', null, null,
                                app.event_time(p_event));
  end if;
  if added then
    perform app.audit(p_channel.professional_id, 'conversation', conversation.id, 'consent.' || action, null,
                      jsonb_build_object('scope', 'marketing', 'source', 'user_preferences'));
  end if;
  return app.event_answer(case when added then 'applied' else 'duplicate' end, p_channel, conversation.id, null);
end
$$;
call app.guard_function('app.ingest_preference(public.marketing_channels, jsonb)');

-- A comment below a publication on Instagram.
create function app.ingest_comment(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
begin
  insert into public.marketing_comments
    (professional_id, channel_id, external_id, parent_external_id, media_external_id, author_user_id, author_username,
     body, payload)
  values (p_channel.professional_id, p_channel.id, p_event ->> 'external_id', p_event ->> 'parent_external_id',
          p_event ->> 'media_id', p_event ->> 'contact_user_id', p_event ->> 'contact_username', p_event ->> 'body',
          jsonb_build_object('from_business', p_event -> 'from_business', 'occurred_at', p_event -> 'occurred_at',
                             'media_product_type', p_event -> 'media_product_type', 'raw', p_event -> 'raw'))
  on conflict (channel_id, external_id) do nothing;
  return app.event_answer(case when found then 'stored' else 'duplicate' end, p_channel, null, null);
end
$$;
call app.guard_function('app.ingest_comment(public.marketing_channels, jsonb)');
