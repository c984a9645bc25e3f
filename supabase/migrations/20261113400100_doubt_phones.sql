-- When a phone stops being trusted, and when it is again.
alter table public.marketing_conversations add column patient_linked_by uuid;
comment on column public.marketing_conversations.patient_linked_by is
  'Who said that the conversation is this patient''s; null while only the number says so.';
alter table public.marketing_conversations add column held_since timestamptz;
comment on column public.marketing_conversations.held_since is
  'Since when the phone is somebody else''s: no model is told what was said before.';

-- The professional's conversations with one phone, on whichever of their numbers, locked in one order. A locked
-- conversation: whoever asks has taken turns before (app.take_turns_on_patients).
create function app.conversations_with_phone(p_conversation public.marketing_conversations)
returns setof public.marketing_conversations
language sql volatile set search_path = '' as $$
  select * from public.marketing_conversations
  where professional_id = p_conversation.professional_id and merged_into_id is null
    and (id = p_conversation.id
         or app.canonical_phone(contact_phone) = app.canonical_phone(p_conversation.contact_phone))
  order by id for no key update
$$;
call app.guard_function('app.conversations_with_phone(public.marketing_conversations)');
create index marketing_conversations_contact_phone_idx
  on public.marketing_conversations (professional_id, app.canonical_phone(contact_phone)) where contact_phone is not null;

-- Whose a phone is concerns several conversations: one at a time, before any of them is locked.
create function app.take_turns_on_patients(p_professional_id uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('patients' || p_professional_id::text, 0))
$$;
call app.guard_function('app.take_turns_on_patients(uuid)');

-- Doubted already, it stays as it was. Answers whether anything changed. A locked conversation.
create function app.doubt_phone(p_conversation public.marketing_conversations, p_reason text) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.marketing_conversations
  set phone_unverified_at = clock_timestamp(), phone_unverified_reason = p_reason
  where id = p_conversation.id and phone_unverified_at is null;
  if not found then
    return false;
  end if;
  -- Times that were offered to one person, under their name, are not for whoever has the phone now.
  perform app.withdraw_offers(p_conversation.id);
  perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'contact.phone_unverified', null,
                    jsonb_build_object('reason', p_reason));
  return true;
end
$$;
call app.guard_function('app.doubt_phone(public.marketing_conversations, text)');

create function app.tell_of_doubt(p_conversation public.marketing_conversations, p_reason text) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_conversation.professional_id, 'phone_unverified',
    case when p_reason = 'identity_changed' then 'info' else 'warning' end,
    case when p_reason = 'identity_changed'
      then 'Un contacto cambió de número o de teléfono. Hasta que diga su nombre completo o confirmes quién es, no se le '
           'manda nada por iniciativa de la clínica.'
      else 'Puede que un número ya no sea del paciente al que pertenecía. Abrí la conversación y confirmá quién escribe.'
    end,
    'conversation', p_conversation.id, 'phone_unverified:' || p_conversation.id)
$$;
call app.guard_function('app.tell_of_doubt(public.marketing_conversations, text)');

-- A locked conversation. p_actor_id null: the contact gave the name they are known by.
create function app.trust_phone(p_conversation public.marketing_conversations, p_actor_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.marketing_conversations set phone_unverified_at = null, phone_unverified_reason = null
  where id = p_conversation.id and phone_unverified_at is not null;
  if not found then
    return false;
  end if;
  perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'contact.phone_verified', p_actor_id,
                    jsonb_build_object('reason', p_conversation.phone_unverified_reason));
  -- What was asked of a person is done; a new doubt is told again.
  update public.marketing_alerts set acknowledged_at = clock_timestamp(), acknowledged_by = p_actor_id
  where professional_id = p_conversation.professional_id and acknowledged_at is null
    and dedup_key = 'phone_unverified:' || p_conversation.id;
  return true;
end
$$;
call app.guard_function('app.trust_phone(public.marketing_conversations, uuid)');

-- Somebody said that the phone is not whose the clinic thinks: on none of its numbers.
create function public.mark_phone_unverified(
  p_professional_id uuid, p_conversation_id uuid, p_reason text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  every public.marketing_conversations;
  is_new boolean := false;
begin
  perform app.take_turns_on_patients(p_professional_id);
  conversation := app.lock_conversation(p_conversation_id, p_professional_id);
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  for every in select * from app.conversations_with_phone(conversation) loop
    is_new := app.doubt_phone(every, p_reason) or is_new;
  end loop;
  if is_new then
    perform app.tell_of_doubt(conversation, p_reason);
  end if;
  return jsonb_build_object('outcome', case when is_new then 'doubted' else 'already_doubted' end,
                            'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.mark_phone_unverified(uuid, uuid, text)');

create function public.verify_phone(
  p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  every public.marketing_conversations;
  is_new boolean := false;
begin
  perform app.take_turns_on_patients(p_professional_id);
  conversation := app.lock_conversation(p_conversation_id, p_professional_id);
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  for every in select * from app.conversations_with_phone(conversation) loop
    is_new := app.trust_phone(every, p_actor_id) or is_new;
  end loop;
  return jsonb_build_object('outcome', case when is_new then 'verified' else 'already_verified' end,
                            'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.verify_phone(uuid, uuid, uuid)');

-- A conversation that begins with a doubted phone begins doubted.
create function app.inherit_doubt() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.marketing_conversations conversation
  set phone_unverified_at = doubted.phone_unverified_at, phone_unverified_reason = doubted.phone_unverified_reason
  from public.marketing_conversations doubted
  where conversation.id = new.conversation_id and conversation.phone_unverified_at is null
    and doubted.professional_id = new.professional_id and doubted.phone_unverified_at is not null
    and doubted.merged_into_id is null and app.canonical_phone(doubted.contact_phone) = new.value;
  return null;
end
$$;
create trigger inherit_doubt after insert on public.marketing_contact_identities
  for each row when (new.kind = 'phone') execute function app.inherit_doubt();

-- The contact has another number, user id or security code. What they are called now joins what they were called before;
-- should the new name have a conversation of its own, that is the same contact's. Whether they are the same person, Meta
-- does not say.
create or replace function app.ingest_identity(p_channel public.marketing_channels, p_event jsonb) returns jsonb
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
  if app.doubt_phone(conversation, 'identity_changed') then  -- each of the clinic's numbers is told by itself
    perform app.tell_of_doubt(conversation, 'identity_changed');
  end if;
  if p_event ->> 'change' in ('number', 'user_id') then
    perform app.audit(conversation.professional_id, 'conversation', conversation.id, 'contact.identity_changed', null,
                      jsonb_build_object('change', p_event ->> 'change', 'message_id', message_id));
  end if;
  return app.event_answer('stored', p_channel, conversation.id, message_id);
end
$$;

-- A doubt about either is a doubt about who they are together; the patient that a person named is the patient of both.
create function app.merge_trust(p_keep public.marketing_conversations, p_merge public.marketing_conversations)
returns void
language plpgsql set search_path = '' as $$
begin
  if p_keep.phone_unverified_at is null then
    update public.marketing_conversations
    set phone_unverified_at = p_merge.phone_unverified_at, phone_unverified_reason = p_merge.phone_unverified_reason
    where id = p_keep.id;
  end if;
  update public.marketing_conversations set held_since = greatest(p_keep.held_since, p_merge.held_since)
  where id = p_keep.id and p_merge.held_since is not null;
  if p_keep.patient_linked_by is null and p_merge.patient_linked_by is not null then
    update public.marketing_conversations
    set patient_id = p_merge.patient_id, patient_linked_by = p_merge.patient_linked_by
    where id = p_keep.id;
  end if;
end
$$;
call app.guard_function('app.merge_trust(public.marketing_conversations, public.marketing_conversations)');

-- Two conversations turned out to be one contact's. The older one stays, whatever the order of the arguments.
create or replace function public.merge_contacts(p_professional_id uuid, p_keep uuid, p_merge uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel constant uuid := (select channel_id from public.marketing_conversations
                            where id = p_keep and professional_id = p_professional_id);
  pair public.marketing_conversations[];
begin
  -- One merge at a time per channel, so that what is live now still is once it is locked; both in the order of their ids.
  perform pg_advisory_xact_lock(hashtextextended('merge' || channel::text, 0));
  select array_agg(locked order by locked.created_at, locked.id) into pair
  from (
    select * from public.marketing_conversations
    where id in (app.live_conversation(p_keep), app.live_conversation(p_merge))
      and professional_id = p_professional_id and channel_id = channel
    order by id for no key update
  ) as locked;
  if cardinality(pair) = 2 then
    perform app.merge_columns(pair[1], pair[2]);
    perform app.merge_trust(pair[1], pair[2]);
    perform app.merge_owed(pair[1], pair[2]);
    perform app.merge_children(pair[1].id, pair[2].id);
    perform app.audit(p_professional_id, 'conversation', pair[1].id, 'contact.merged', null,
                      jsonb_build_object('merged_conversation_id', pair[2].id));
  elsif pair is null or app.live_conversation(p_keep) is distinct from app.live_conversation(p_merge) then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  return jsonb_build_object('outcome', 'merged', 'conversation_id', pair[1].id);
end
$$;
