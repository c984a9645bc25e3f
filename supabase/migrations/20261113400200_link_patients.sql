-- A person of the clinic says whose conversation it is: a patient who is on record, or one who begins now.

-- A number that comes to be shared (mother and child) says no longer whose conversation it is; what a person said stays.
create function app.unlink_shared_number() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if app.find_patient(new.professional_id, new.phone) is null then
    update public.marketing_conversations conversation set patient_id = null
    where professional_id = new.professional_id and patient_id is not null and patient_linked_by is null
      and app.canonical_phone(contact_phone) = app.canonical_phone(new.phone);
  end if;
  return null;
end
$$;
create trigger unlink_shared_number_on_insert after insert on public.patients
  for each row when (new.phone is not null) execute function app.unlink_shared_number();
create trigger unlink_shared_number_on_update after update of phone on public.patients
  for each row when (new.phone is not null and old.phone is distinct from new.phone)
  execute function app.unlink_shared_number();

-- A name as it is compared: without accents, capitals and doubled spaces.
create function app.plain_name(p_name text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select btrim(regexp_replace(lower(translate(
    p_name, 'ÁÀÄÂÉÈËÊÍÌÏÎÓÒÖÔÚÙÜÛÑÇáàäâéèëêíìïîóòöôúùüûñç', 'AAAAEEEEIIIIOOOOUUUUNCaaaaeeeeiiiioooouuuunc')),
    '\s+', ' ', 'g'))
$$;
call app.guard_function('app.plain_name(text)');

-- Whether a conversation that is about to be linked to a patient was somebody else's until now.
create function app.changes_hands(p_conversation public.marketing_conversations, p_patient_id uuid) returns boolean
language sql immutable set search_path = '' as $$
  select p_conversation.phone_unverified_at is not null
    and case when p_conversation.patient_id is null then p_conversation.phone_unverified_reason in ('wrong_number', 'not_me')
        else p_conversation.patient_id <> p_patient_id end
$$;
call app.guard_function('app.changes_hands(public.marketing_conversations, uuid)');

-- The one who had the number before keeps their appointments, away from this conversation, and their yes to marketing was
-- not the new one's. A locked conversation, still linked as it was.
create function app.part_from_earlier_holder(
  p_conversation public.marketing_conversations, p_patient public.patients, p_actor_id uuid
) returns void
language plpgsql set search_path = '' as $$
declare
  marketing constant public.marketing_consent_events := app.latest_consent(p_conversation.id, 'marketing');
  nobody public.marketing_conversations := p_conversation;
begin
  perform app.withdraw_offers(p_conversation.id);
  update public.marketing_conversations set held_since = p_conversation.phone_unverified_at where id = p_conversation.id;
  update public.appointments set conversation_id = null
  where conversation_id = p_conversation.id
    and patient_id is distinct from p_patient.id
    and (patient_id is not null
         or coalesce(app.plain_name(attendee_name) <> app.plain_name(p_patient.full_name), true));
  if marketing.action = 'granted' and marketing.patient_id is distinct from p_patient.id then
    nobody.patient_id := null;  -- the number's, on no patient's account
    perform app.add_consent_of(nobody, 'marketing', 'withdrawn', 'phone_reassigned', null, null, p_actor_id,
                               clock_timestamp());
  end if;
end
$$;
call app.guard_function(
  'app.part_from_earlier_holder(public.marketing_conversations, public.patients, uuid)');

-- What the contact decided holds for the patient too, also where they write from another number: the same decision, at
-- the same time, with the same words. A conversation that is linked already.
create function app.inherit_consent(p_conversation public.marketing_conversations) returns void
language plpgsql set search_path = '' as $$
declare
  v_scope text;
  event public.marketing_consent_events;
  state record;
begin
  foreach v_scope in array array['care', 'marketing'] loop
    event := app.latest_consent(p_conversation.id, v_scope);
    if event.id is not null and event.patient_id is distinct from p_conversation.patient_id then
      insert into public.marketing_consent_events
        (professional_id, patient_id, conversation_id, scope, action, source, wording, wording_version, actor_id,
         occurred_at, created_at)
      values (event.professional_id, p_conversation.patient_id, p_conversation.id, event.scope, event.action,
              event.source, event.wording, event.wording_version, event.actor_id, event.occurred_at, event.created_at);
    end if;
  end loop;
  state := app.consent_state(p_conversation.id);
  perform app.project_marketing(p_conversation.professional_id, p_conversation.patient_id,
                                app.canonical_phone(p_conversation.contact_phone), state.marketing);
end
$$;
call app.guard_function('app.inherit_consent(public.marketing_conversations)');

create function app.linked_answer(p_outcome text, p_conversation_id uuid, p_patient_id uuid, p_was_doubted boolean)
returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'outcome', p_outcome, 'conversation_id', p_conversation_id, 'patient_id', patient.id,
    'full_name', patient.full_name, 'phone', patient.phone, 'is_minor', patient.is_minor,
    'whatsapp_opt_in', patient.whatsapp_opt_in, 'phone_verified', p_was_doubted)
  from public.patients patient where patient.id = p_patient_id
$$;
call app.guard_function('app.linked_answer(text, uuid, uuid, boolean)');

-- From now on the conversation is this patient's, and the phone theirs. A locked conversation.
create function app.link_conversation(
  p_conversation public.marketing_conversations, p_patient public.patients, p_actor_id uuid
) returns void
language plpgsql set search_path = '' as $$
declare
  linked public.marketing_conversations;
begin
  if app.changes_hands(p_conversation, p_patient.id) then
    perform app.part_from_earlier_holder(p_conversation, p_patient, p_actor_id);
  end if;
  update public.marketing_conversations set patient_id = p_patient.id, patient_linked_by = p_actor_id
  where id = p_conversation.id returning * into linked;
  -- What a lead booked for themself; what they booked for others stays theirs to ask for.
  update public.appointments set patient_id = p_patient.id
  where conversation_id = p_conversation.id and patient_id is null
    and coalesce(app.plain_name(attendee_name) = app.plain_name(p_patient.full_name), true);
  perform app.inherit_consent(linked);
  if p_conversation.patient_id is distinct from p_patient.id then
    perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'conversation.patient_linked',
                      p_actor_id, jsonb_build_object('patient_id', p_patient.id,
                                                     'previous_patient_id', p_conversation.patient_id));
  end if;
  perform app.trust_phone(p_conversation, p_actor_id);
end
$$;
call app.guard_function('app.link_conversation(public.marketing_conversations, public.patients, uuid)');

-- The same for every conversation in which the doubt about this phone stands: it is the same hand that holds it.
create function app.link_phone(
  p_conversation public.marketing_conversations, p_patient public.patients, p_actor_id uuid, p_outcome text
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  doubted public.marketing_conversations;
begin
  if p_conversation.phone_unverified_at is not null then
    for doubted in
      select * from app.conversations_with_phone(p_conversation)
      where phone_unverified_at is not null and id <> p_conversation.id
    loop
      perform app.link_conversation(doubted, p_patient, p_actor_id);
    end loop;
  end if;
  perform app.link_conversation(p_conversation, p_patient, p_actor_id);
  return app.linked_answer(p_outcome, p_conversation.id, p_patient.id, p_conversation.phone_unverified_at is not null);
end
$$;
call app.guard_function('app.link_phone(public.marketing_conversations, public.patients, uuid, text)');

-- Links a patient who is on record. One who is linked already is replaced when the number is no longer trusted, or when
-- the person who asks says that it was a mistake.
create function public.link_patient(
  p_professional_id uuid, p_conversation_id uuid, p_patient_id uuid, p_actor_id uuid, p_replace boolean default false
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  patient public.patients;
begin
  perform app.take_turns_on_patients(p_professional_id);
  conversation := app.lock_conversation(p_conversation_id, p_professional_id);
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into patient from public.patients where id = p_patient_id and professional_id = p_professional_id;
  if not found then
    return jsonb_build_object('outcome', 'patient_not_found');
  elsif conversation.patient_id <> patient.id and conversation.phone_unverified_at is null and not p_replace then
    return jsonb_build_object('outcome', 'already_linked', 'patient_id', conversation.patient_id);
  end if;
  return app.link_phone(conversation, patient, p_actor_id, 'linked');
end
$$;
call app.guard_function('public.link_patient(uuid, uuid, uuid, uuid, boolean)');

-- Turns a lead into a patient. Without a phone of their own they get the contact's, in the digits Meta gave.
create function public.convert_contact(
  p_professional_id uuid, p_conversation_id uuid, p_full_name text, p_phone text, p_actor_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  v_phone text;
  known uuid;
  patient public.patients;
begin
  perform app.take_turns_on_patients(p_professional_id);  -- also because two at once would each find nobody
  conversation := app.lock_conversation(p_conversation_id, p_professional_id);
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif conversation.patient_id is not null and conversation.phone_unverified_at is null then
    return jsonb_build_object('outcome', 'already_linked', 'patient_id', conversation.patient_id);
  end if;
  v_phone := case
    when p_phone is null or app.canonical_phone(p_phone) = app.canonical_phone(conversation.contact_phone)
      then conversation.contact_phone
    else p_phone
  end;
  select id into known from public.patients
  where professional_id = p_professional_id and app.canonical_phone(phone) = app.canonical_phone(v_phone)
    and app.plain_name(full_name) = app.plain_name(p_full_name)
  limit 1;
  if found then
    return jsonb_build_object('outcome', 'patient_exists', 'patient_id', known);
  end if;
  insert into public.patients (professional_id, full_name, phone) values (p_professional_id, p_full_name, v_phone)
  returning * into patient;
  perform app.audit(p_professional_id, 'patient', patient.id, 'patient.created', p_actor_id,
                    jsonb_build_object('conversation_id', conversation.id));
  return app.link_phone(conversation, patient, p_actor_id, 'converted');
end
$$;
call app.guard_function('public.convert_contact(uuid, uuid, text, text, uuid)');
