-- What a contact or a person in the phone app did becomes a row, once, and moves the counters of its conversation.
-- p_event is the table of dentalist.inbound.events.

-- An edit or a revoke may arrive before the message it is about: it is found from there.
create index marketing_messages_changes_idx
  on public.marketing_messages (channel_id, reply_to_external_id) where type in ('edit', 'revoke');

create function app.event_time(p_event jsonb) returns timestamptz
language sql stable set search_path = '' as $$
  select coalesce(p_event ->> 'sent_at', p_event ->> 'occurred_at')::timestamptz
$$;
call app.guard_function('app.event_time(jsonb)');

create function app.event_identities(p_event jsonb) returns app.identity[]
language sql immutable set search_path = '' as $$
  select app.identities_of(p_event ->> 'contact_phone', p_event ->> 'contact_user_id')
$$;
call app.guard_function('app.event_identities(jsonb)');

-- What ingest_event answers. wake: an answer is owed here, also when this event itself owed none or came before.
create function app.event_answer(
  p_outcome text, p_channel public.marketing_channels, p_conversation_id uuid, p_message_id uuid
) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'outcome', p_outcome, 'reason', null, 'professional_id', p_channel.professional_id, 'channel_id', p_channel.id,
    'conversation_id', p_conversation_id, 'message_id', p_message_id,
    'wake', (select jsonb_build_object('conversation_id', id, 'delay_seconds',
                      greatest(ceil(extract(epoch from answer_due_at - clock_timestamp())), 0)::integer)
             from public.marketing_conversations where id = p_conversation_id and answer_due_at is not null),
    'media', coalesce((select media_status = 'pending' from public.marketing_messages where id = p_message_id), false))
$$;
call app.guard_function('app.event_answer(text, public.marketing_channels, uuid, uuid)');

-- The answer to an event whose row exists already; null when it does not.
create function app.duplicate_answer(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select app.event_answer('duplicate', p_channel, conversation_id, id)
  from public.marketing_messages
  where channel_id = p_channel.id and external_id = p_event ->> 'external_id'
$$;
call app.guard_function('app.duplicate_answer(public.marketing_channels, jsonb)');

-- The row of an event: whose it is decides its direction, its kind is its type unless it is a message with a type of its
-- own. Null: it exists already. created_at is the moment inside the lock, so that rows sort as they were taken in.
create function app.add_event_row(
  p_conversation public.marketing_conversations, p_event jsonb, p_sender text, p_owed_epoch integer default null
) returns uuid
language sql set search_path = '' as $$
  insert into public.marketing_messages
    (professional_id, conversation_id, channel_id, direction, status, sender, type, body, payload, external_id,
     reply_to_external_id, sent_at, media_id, media_mime, media_sha256, media_status, owed_epoch, created_at)
  select
    p_conversation.professional_id, p_conversation.id, p_conversation.channel_id,
    case p_sender when 'contact' then 'inbound' when 'professional' then 'outbound' else 'system' end,
    case p_sender when 'contact' then 'received' when 'professional' then 'sent' end,
    p_sender,
    case when event.kind in ('message', 'echo') then event.type when event.kind = 'identity' then 'system' else event.kind end,
    coalesce(event.body, event.emoji),
    coalesce(event.payload, event.raw) || jsonb_strip_nulls(jsonb_build_object('reply_id', event.reply_id, 'media', event.media)),
    event.external_id, coalesce(event.context_external_id, event.target_external_id), app.event_time(p_event),
    event.media ->> 'id', event.media ->> 'mime', event.media ->> 'sha256',
    case when event.media ->> 'id' is not null then 'pending' end,  -- a file by URL alone (Instagram) is not fetched
    p_owed_epoch, clock_timestamp()
  from jsonb_to_record(p_event) as event
    (kind text, type text, body text, emoji text, payload jsonb, raw jsonb, reply_id text, media jsonb, external_id text,
     context_external_id text, target_external_id text)
  on conflict (channel_id, external_id) do nothing
  returning id
$$;
call app.guard_function('app.add_event_row(public.marketing_conversations, jsonb, text, integer)');

-- How the contact is called and reached: the newest event knows best, one that arrives late only fills what is missing.
create function app.refresh_contact(p_conversation public.marketing_conversations, p_event jsonb) returns void
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
      contact_name = case when newest then coalesce(name, contact_name) else coalesce(contact_name, name) end,
      patient_id = coalesce(patient_id, app.find_patient(professional_id, phone)),
      last_message_at = greatest(last_message_at, least(app.event_time(p_event), clock_timestamp()))
  where id = p_conversation.id;
end
$$;
call app.guard_function('app.refresh_contact(public.marketing_conversations, jsonb)');

-- Edits and revokes of one message, applied in the order in which they were made whatever the order in which they came.
-- Only those of the side that wrote it count.
create function app.apply_changes(p_channel_id uuid, p_external_id text) returns void
language plpgsql set search_path = '' as $$
declare
  original public.marketing_messages;
  change record;
  bodies jsonb;
begin
  select * into original from public.marketing_messages where channel_id = p_channel_id and external_id = p_external_id;
  select jsonb_agg(body order by sent_at, created_at) filter (where type = 'edit') as bodies,
         max(sent_at) filter (where type = 'edit') as edited_at,
         min(sent_at) filter (where type = 'revoke') as revoked_at
  into change
  from public.marketing_messages
  where channel_id = p_channel_id and reply_to_external_id = p_external_id and type in ('edit', 'revoke')
    and direction = original.direction;
  if change.edited_at is null and change.revoked_at is null then
    return;
  end if;
  -- what was first written, then every edit: the last one is what it says now
  bodies := jsonb_build_array(coalesce(original.payload #> '{previous_bodies,0}', to_jsonb(original.body)))
            || coalesce(change.bodies, '[]');
  update public.marketing_messages
  set body = bodies ->> -1,
      payload = case when change.edited_at is null then payload
                     else payload || jsonb_build_object('previous_bodies', bodies - -1) end,
      edited_at = change.edited_at,
      revoked_at = change.revoked_at
  where id = original.id;
end
$$;
call app.guard_function('app.apply_changes(uuid, text)');

-- The contact wrote: the window opens, and the answer becomes due after the quiet time, but a burst is answered 30 s
-- after its first message at the latest.
create function app.note_inbound(
  p_conversation public.marketing_conversations, p_event jsonb, p_owes boolean, p_debounce_seconds integer
) returns void
language plpgsql set search_path = '' as $$
declare
  at constant timestamptz := clock_timestamp();
  burst_ends_at constant timestamptz := coalesce(p_conversation.first_unanswered_at, at) + interval '30 seconds';
  opens_window constant boolean := (p_event ->> 'opens_window')::boolean;
  is_silent constant boolean := p_event ->> 'type' in ('system', 'request_welcome', 'referral');
begin
  update public.marketing_conversations
  set last_inbound_at = case when opens_window then greatest(last_inbound_at, least(app.event_time(p_event), at))
                             else last_inbound_at end,
      unread_count = unread_count + case when is_silent then 0 else 1 end,
      epoch = epoch + case when p_owes then 1 else 0 end,
      first_unanswered_at = case when p_owes then coalesce(first_unanswered_at, at) else first_unanswered_at end,
      answer_due_at = case when p_owes
        then greatest(at, least(at + make_interval(secs => p_debounce_seconds), burst_ends_at)) else answer_due_at end
  where id = p_conversation.id;
end
$$;
call app.guard_function('app.note_inbound(public.marketing_conversations, jsonb, boolean, integer)');

-- A contact wrote. However late: whether an answer still makes sense is decided when it is claimed. On Instagram nothing
-- is answered yet.
create function app.ingest_message(p_channel public.marketing_channels, p_event jsonb, p_debounce_seconds integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  conversation public.marketing_conversations :=
    app.lock_conversation(app.conversation_of(p_channel, app.event_identities(p_event)));
  owes constant boolean := p_channel.type = 'whatsapp' and (p_event ->> 'owes_answer')::boolean;
  message_id uuid;
begin
  message_id := app.add_event_row(conversation, p_event, 'contact', case when owes then conversation.epoch + 1 end);
  if message_id is null then
    return app.duplicate_answer(p_channel, p_event);
  end if;
  perform app.refresh_contact(conversation, p_event);
  perform app.note_inbound(conversation, p_event, owes, p_debounce_seconds);
  perform app.apply_changes(p_channel.id, p_event ->> 'external_id');
  return app.event_answer('stored', p_channel, conversation.id, message_id);
end
$$;
call app.guard_function('app.ingest_message(public.marketing_channels, jsonb, integer)');

-- A person answered from the phone app (or through another tool of the account): they have the conversation now.
create function app.ingest_echo(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  conversation public.marketing_conversations :=
    app.lock_conversation(app.conversation_of(p_channel, app.event_identities(p_event)));
  message_id uuid;
begin
  if p_channel.type = 'instagram' and conversation.send_lease_until > clock_timestamp() then
    -- Instagram echoes our own sends too, perhaps before we know their id; the queue brings the event again.
    raise exception 'a send is in flight in conversation %', conversation.id using errcode = 'lock_not_available';
  end if;
  message_id := app.add_event_row(conversation, p_event, 'professional');
  if message_id is null then
    return app.duplicate_answer(p_channel, p_event);
  end if;
  perform app.refresh_contact(conversation, p_event);
  perform app.person_speaks(conversation, null);
  perform app.apply_changes(p_channel.id, p_event ->> 'external_id');
  perform app.apply_statuses(message_id);
  return app.event_answer('stored', p_channel, conversation.id, message_id);
end
$$;
call app.guard_function('app.ingest_echo(public.marketing_channels, jsonb)');

-- A reaction, an edit or a revoke: kept as a row of its own; it owes nothing and opens nothing.
create function app.ingest_change(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  conversation public.marketing_conversations :=
    app.lock_conversation(app.conversation_of(p_channel, app.event_identities(p_event)));
  sender constant text := case p_event ->> 'sender' when 'business' then 'professional' else 'contact' end;
  message_id uuid;
begin
  message_id := app.add_event_row(conversation, p_event, sender);
  if message_id is null then
    return app.duplicate_answer(p_channel, p_event);
  end if;
  perform app.refresh_contact(conversation, p_event);
  perform app.apply_changes(p_channel.id, p_event ->> 'target_external_id');
  return app.event_answer('stored', p_channel, conversation.id, message_id);
end
$$;
call app.guard_function('app.ingest_change(public.marketing_channels, jsonb)');
