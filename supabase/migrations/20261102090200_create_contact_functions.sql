-- Who is writing: a contact is known by phone, by user id (BSUID), or by both, and has one conversation per channel.

-- The one patient with this number. Of several that share it (a family) none is guessed.
create function app.find_patient(p_professional_id uuid, p_phone text) returns uuid
language sql stable set search_path = '' as $$
  select (array_agg(id))[1]
  from (
    select id from public.patients
    where professional_id = p_professional_id and app.canonical_phone(phone) = app.canonical_phone(p_phone)
    limit 2
  ) as matches
  having count(*) = 1
$$;
call app.guard_function('app.find_patient(uuid, text)');

create type app.identity as (kind text, value text);

create function app.identities_of(p_phone text, p_user_id text) returns app.identity[]
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(array_agg(row(kind, value)::app.identity), '{}')
  from (values ('phone', app.canonical_phone(p_phone)), ('user_id', nullif(p_user_id, ''))) as given (kind, value)
  where value is not null
$$;
call app.guard_function('app.identities_of(text, text)');

-- Takes turns, until the transaction ends, among all that would create, join or extend these identities. In one order
-- for everybody, and before any conversation is locked, so that nobody waits in a circle.
create function app.lock_identities(p_channel_id uuid, p_identities app.identity[]) returns void
language plpgsql set search_path = '' as $$
declare
  turn bigint;
begin
  for turn in
    select distinct hashtextextended(p_channel_id::text || kind || value, 0) as hash
    from unnest(p_identities) order by hash
  loop
    perform pg_advisory_xact_lock(turn);
  end loop;
end
$$;
call app.guard_function('app.lock_identities(uuid, app.identity[])');

-- What the merged one had is the kept one's. What both counted is added up or the later one wins.
create function app.merge_columns(p_keep public.marketing_conversations, p_merge public.marketing_conversations)
returns void
language plpgsql set search_path = '' as $$
declare
  -- the one the contact wrote in last knows best how they are called and reached
  recent public.marketing_conversations := p_keep;
  earlier public.marketing_conversations := p_merge;
begin
  if coalesce(p_merge.last_inbound_at, '-infinity') > coalesce(p_keep.last_inbound_at, '-infinity') then
    recent := p_merge;
    earlier := p_keep;
  end if;
  update public.marketing_conversations
  set contact_phone = coalesce(recent.contact_phone, earlier.contact_phone),
      contact_user_id = coalesce(recent.contact_user_id, earlier.contact_user_id),
      contact_name = coalesce(recent.contact_name, earlier.contact_name),
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
call app.guard_function('app.merge_columns(public.marketing_conversations, public.marketing_conversations)');

-- What was owed in either stays owed. The moved messages get an epoch above both, and so do the kept one's while a worker
-- is writing for the merged one: its answer carries an epoch of the merged one's counting and must not pass for theirs.
create function app.merge_owed(p_keep public.marketing_conversations, p_merge public.marketing_conversations)
returns void
language plpgsql set search_path = '' as $$
declare
  new_epoch constant integer := greatest(p_keep.epoch, p_merge.epoch) + 1;
  keep_owes constant boolean := p_keep.answered_epoch < p_keep.epoch;
  merge_owes constant boolean := p_merge.answered_epoch < p_merge.epoch;
  being_answered constant boolean := coalesce(p_merge.answer_lease_until > now(), false);
begin
  update public.marketing_messages
  set owed_epoch = case when owed_epoch > p_merge.answered_epoch then new_epoch end
  where conversation_id = p_merge.id and owed_epoch is not null;
  if being_answered then
    update public.marketing_messages set owed_epoch = new_epoch
    where conversation_id = p_keep.id and owed_epoch > p_keep.answered_epoch;
  elsif not merge_owes then
    return;
  end if;
  update public.marketing_conversations
  set epoch = new_epoch,
      answered_epoch = case when keep_owes or merge_owes then p_keep.answered_epoch else new_epoch end,
      first_unanswered_at = least(p_keep.first_unanswered_at, p_merge.first_unanswered_at),
      answer_due_at = least(p_keep.answer_due_at, p_merge.answer_due_at),
      answer_rewrites = greatest(p_keep.answer_rewrites, p_merge.answer_rewrites)
  where id = p_keep.id;
end
$$;
call app.guard_function('app.merge_owed(public.marketing_conversations, public.marketing_conversations)');

-- What hangs on the merged conversation. An answer's number is per conversation, so a moved message loses it.
create function app.merge_children(p_keep_id uuid, p_merge_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.marketing_contact_identities set conversation_id = p_keep_id where conversation_id = p_merge_id;
  update public.marketing_messages set conversation_id = p_keep_id, answer_epoch = null, answer_part = null
  where conversation_id = p_merge_id;
  update public.appointments set conversation_id = p_keep_id where conversation_id = p_merge_id;
  update public.marketing_slot_offers set conversation_id = p_keep_id where conversation_id = p_merge_id;
  update public.marketing_consent_events set conversation_id = p_keep_id where conversation_id = p_merge_id;
  update public.marketing_conversations
  set merged_into_id = p_keep_id, answered_epoch = epoch, answer_due_at = null, first_unanswered_at = null,
      answer_lease_id = null, answer_lease_until = null, send_lease_message_id = null, send_lease_until = null,
      unread_count = 0
  where id = p_merge_id;
end
$$;
call app.guard_function('app.merge_children(uuid, uuid)');

-- Two conversations turned out to be one contact's. The older one stays, whatever the order of the arguments.
create function public.merge_contacts(p_professional_id uuid, p_keep uuid, p_merge uuid) returns jsonb
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
call app.guard_function('public.merge_contacts(uuid, uuid, uuid)');

-- Makes the identities those of one conversation: the only one that has some of them, the older of several, or a new one.
-- Null when somebody who took no turn was faster; then nothing of ours is left behind.
create function app.join_identities(
  p_channel public.marketing_channels, p_identities app.identity[], p_conversations uuid[]
) returns uuid
language plpgsql set search_path = '' as $$
declare
  conversation uuid := p_conversations[1];
  other uuid;
begin
  foreach other in array coalesce(p_conversations[2:], '{}') loop
    conversation := public.merge_contacts(p_channel.professional_id, conversation, other) ->> 'conversation_id';
  end loop;
  if conversation is null then
    insert into public.marketing_conversations (professional_id, channel_id)
    values (p_channel.professional_id, p_channel.id) returning id into conversation;
  end if;
  insert into public.marketing_contact_identities (professional_id, channel_id, conversation_id, kind, value)
  select p_channel.professional_id, p_channel.id, conversation, given.kind, given.value from unnest(p_identities) as given
  on conflict (channel_id, kind, value) do nothing;
  if not exists (select from public.marketing_contact_identities where conversation_id = conversation) then
    delete from public.marketing_conversations where id = conversation;
    return null;
  end if;
  return conversation;
end
$$;
call app.guard_function('app.join_identities(public.marketing_channels, app.identity[], uuid[])');

-- The conversation of a contact known under these identities; two that meet in one event are merged. Null when there
-- is none and none is to be created. Not locked: the caller locks it, which also follows a merge that came between.
create function app.conversation_of(
  p_channel public.marketing_channels, p_identities app.identity[], p_create boolean default true
) returns uuid
language plpgsql set search_path = '' as $$
declare
  known integer;
  conversations uuid[];
  conversation uuid;
  in_turn boolean := false;
begin
  if cardinality(p_identities) = 0 then
    return null;
  end if;
  loop
    select count(*), array_agg(distinct identity.conversation_id) into known, conversations
    from unnest(p_identities) as given
    join public.marketing_contact_identities identity
      on identity.channel_id = p_channel.id and identity.kind = given.kind and identity.value = given.value;
    if known = cardinality(p_identities) and cardinality(conversations) = 1 then
      return conversations[1];
    end if;
    if known = 0 and not p_create then
      return null;
    end if;
    if in_turn then
      conversation := app.join_identities(p_channel, p_identities, conversations);
      exit when conversation is not null;
    end if;
    -- Something is new about this contact: take turns, and look again.
    perform app.lock_identities(p_channel.id, p_identities);
    in_turn := true;
  end loop;
  return conversation;
end
$$;
call app.guard_function('app.conversation_of(public.marketing_channels, app.identity[], boolean)');

-- The same for the identities that most events carry.
create function app.conversation_of_contact(p_channel public.marketing_channels, p_phone text, p_user_id text)
returns uuid
language sql set search_path = '' as $$
  select app.conversation_of(p_channel, app.identities_of(p_phone, p_user_id))
$$;
call app.guard_function('app.conversation_of_contact(public.marketing_channels, text, text)');
