-- A number that stays on the phone app brings its address book along. Whoever is in it is shown by that name until they
-- say how they are called themselves; nobody gets a conversation for being in it.

alter table public.marketing_conversations add column name_from_phone_app boolean not null default false;
comment on column public.marketing_conversations.name_from_phone_app is
  'contact_name is what the clinic calls them in its own address book: to be shown to the clinic, not said to the contact.';

-- How a conversation's contact is called in the address book; of several numbers, the entry that changed last.
create function app.phone_app_name(p_conversation_id uuid) returns text
language sql stable set search_path = '' as $$
  select contact.name
  from public.marketing_contact_identities identity
  join public.phone_app_contacts contact on contact.channel_id = identity.channel_id and contact.phone = identity.value
  where identity.conversation_id = p_conversation_id and identity.kind = 'phone' and contact.name is not null
  order by contact.changed_at desc, contact.name
  limit 1
$$;
call app.guard_function('app.phone_app_name(uuid)');

-- The contact's own name stays; one of the address book follows it, also when it is removed there.
create function app.show_phone_app_name(p_conversation_id uuid) returns void
language sql set search_path = '' as $$
  update public.marketing_conversations conversation
  set contact_name = listed.name, name_from_phone_app = listed.name is not null
  from (select app.phone_app_name(p_conversation_id) as name) as listed
  where conversation.id = p_conversation_id
    and (conversation.contact_name is null or conversation.name_from_phone_app)
    and conversation.contact_name is distinct from listed.name
$$;
call app.guard_function('app.show_phone_app_name(uuid)');

-- Whatever a conversation begins with, a message, the history or a person who writes first.
create function app.name_new_contact() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform app.show_phone_app_name(new.conversation_id);
  return new;
end
$$;
create trigger name_new_contact after insert on public.marketing_contact_identities
  for each row when (new.kind = 'phone') execute function app.name_new_contact();

-- The list goes with the account; names that conversations show are part of the conversations.
create function app.forget_address_book() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.phone_app_contacts where channel_id = new.id;
  return null;
end
$$;
create trigger forget_address_book after update of status on public.marketing_channels
  for each row when (new.status = 'disconnected' and old.status <> 'disconnected')
  execute function app.forget_address_book();

-- How the contact is called and reached: the newest event knows best, one that arrives late only fills what is missing.
-- A name that they gave themselves always takes the place of the address book's.
create or replace function app.refresh_contact(p_conversation public.marketing_conversations, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  newest constant boolean := app.event_time(p_event) >= coalesce(p_conversation.last_inbound_at, '-infinity');
  phone constant text := p_event ->> 'contact_phone';
  user_id constant text := p_event ->> 'contact_user_id';
  username constant text := p_event ->> 'contact_username';
  name constant text := p_event ->> 'contact_name';
begin
  update public.marketing_conversations
  set contact_phone = case when newest then coalesce(phone, contact_phone) else coalesce(contact_phone, phone) end,
      contact_user_id = case when newest then coalesce(user_id, contact_user_id) else coalesce(contact_user_id, user_id) end,
      contact_username = case when newest then coalesce(username, contact_username) else coalesce(contact_username, username) end,
      contact_name = case when newest or name_from_phone_app then coalesce(name, contact_name)
                          else coalesce(contact_name, name) end,
      name_from_phone_app = name_from_phone_app and name is null,
      patient_id = coalesce(patient_id, app.find_patient(professional_id, phone)),
      last_message_at = greatest(last_message_at, least(app.event_time(p_event), clock_timestamp()))
  where id = p_conversation.id;
end
$$;

-- What the merged one had is the kept one's. What both counted is added up or the later one wins; a name that the contact
-- gave themselves wins over one of the address book.
create or replace function app.merge_columns(
  p_keep public.marketing_conversations, p_merge public.marketing_conversations
) returns void
language plpgsql set search_path = '' as $$
declare
  -- the one the contact wrote in last knows best how they are called and reached
  recent public.marketing_conversations := p_keep;
  earlier public.marketing_conversations := p_merge;
  own_name text;
begin
  if coalesce(p_merge.last_inbound_at, '-infinity') > coalesce(p_keep.last_inbound_at, '-infinity') then
    recent := p_merge;
    earlier := p_keep;
  end if;
  own_name := coalesce(case when not recent.name_from_phone_app then recent.contact_name end,
                       case when not earlier.name_from_phone_app then earlier.contact_name end);
  update public.marketing_conversations
  set contact_phone = coalesce(recent.contact_phone, earlier.contact_phone),
      contact_user_id = coalesce(recent.contact_user_id, earlier.contact_user_id),
      contact_name = coalesce(own_name, recent.contact_name, earlier.contact_name),
      name_from_phone_app = own_name is null and coalesce(recent.contact_name, earlier.contact_name) is not null,
      contact_username = coalesce(recent.contact_username, earlier.contact_username),
      patient_id = coalesce(p_keep.patient_id, p_merge.patient_id),
      context = p_merge.context || p_keep.context,
      last_inbound_at = greatest(p_keep.last_inbound_at, p_merge.last_inbound_at),
      last_message_at = greatest(p_keep.last_message_at, p_merge.last_message_at),
      unread_count = p_keep.unread_count + p_merge.unread_count,
      ai_enabled = p_keep.ai_enabled and p_merge.ai_enabled,
      handoff_reason = coalesce(p_keep.handoff_reason, p_merge.handoff_reason),
      handoff_at = coalesce(p_keep.handoff_at, p_merge.handoff_at),
      handed_back_at = greatest(p_keep.handed_back_at, p_merge.handed_back_at),
      last_human_at = greatest(p_keep.last_human_at, p_merge.last_human_at),
      last_ai_at = greatest(p_keep.last_ai_at, p_merge.last_ai_at),
      last_safety_at = greatest(p_keep.last_safety_at, p_merge.last_safety_at),
      human_epoch = greatest(p_keep.human_epoch, p_merge.human_epoch),
      -- a send in flight stays one in flight
      send_lease_message_id = case when p_keep.send_lease_until > now() then p_keep.send_lease_message_id
                                   else p_merge.send_lease_message_id end,
      send_lease_until = case when p_keep.send_lease_until > now() then p_keep.send_lease_until
                              else p_merge.send_lease_until end
  where id = p_keep.id;
end
$$;

-- The newest change of an entry stands, in whatever order they come. Somebody who was erased is not put down again.
create function app.keep_address_book(p_channel public.marketing_channels, p_changes jsonb) returns text[]
language sql set search_path = '' as $$
  with newest as (
    select distinct on (canonical) canonical, change.name, change.changed_at
    from jsonb_to_recordset(p_changes) as change (phone text, name text, changed_at timestamptz)
    cross join lateral app.canonical_phone(change.phone) as canonical
    where not app.is_of_erased(p_channel.professional_id, app.identities_of(change.phone, null), '-infinity', null)
    order by canonical, change.changed_at desc, change.name is null desc, change.name desc
  ), kept as (
    insert into public.phone_app_contacts as known (professional_id, channel_id, phone, name, changed_at)
    select p_channel.professional_id, p_channel.id, canonical, name, changed_at from newest order by canonical
    on conflict (channel_id, phone) do update set name = excluded.name, changed_at = excluded.changed_at
      where excluded.changed_at > known.changed_at
        or (excluded.changed_at = known.changed_at and (excluded.name is null or excluded.name > known.name)
            and known.name is not null)
    returning phone
  )
  select coalesce(array_agg(phone), '{}') from kept
$$;
call app.guard_function('app.keep_address_book(public.marketing_channels, jsonb)');

create function app.ingest_contacts(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  changed constant text[] := app.keep_address_book(p_channel, p_event -> 'changes');
  conversations constant uuid[] := array(
    select distinct conversation_id from public.marketing_contact_identities
    where channel_id = p_channel.id and kind = 'phone' and value = any (changed));
begin
  perform from public.marketing_conversations where id = any (conversations) order by id for no key update;
  perform app.show_phone_app_name(id) from unnest(conversations) as id;
  -- By then nothing older can be waiting in a queue.
  delete from public.phone_app_contacts
  where channel_id = p_channel.id and name is null and changed_at < now() - interval '30 days';
  if jsonb_array_length(p_event -> 'not_understood') > 0 then
    perform app.park_part(p_event, p_channel);
  end if;
  return app.event_answer(case when changed = '{}' then 'duplicate' else 'applied' end, p_channel, null, null);
end
$$;
call app.guard_function('app.ingest_contacts(public.marketing_channels, jsonb)');

-- What was not understood of an event whose other parts were taken in.
create function app.park_part(p_event jsonb, p_channel public.marketing_channels) returns jsonb
language sql set search_path = '' as $$
  select app.park(
    (p_event - 'messages' - 'changes' - 'not_understood') || jsonb_build_object('raw', p_event -> 'not_understood'),
    'malformed', p_channel)
$$;
call app.guard_function('app.park_part(jsonb, public.marketing_channels)');
