-- What a clinic and its contacts wrote in the phone app before the number was linked becomes rows of the conversation,
-- and nothing more: it owes no answer, wakes nobody, is not unread and moves no counter. Whatever the order in which its
-- parts, live messages and the address book come, the end is the same.
-- p_event is the table of dentalist.inbound.events.

alter table public.marketing_messages add column imported_at timestamptz;
comment on column public.marketing_messages.imported_at is
  'When the message came with the history of the phone app; its created_at is when it was written. Null: it came live.';

-- The row of an event that is there already. One that only came with the history is not: the live event is the one that
-- counts, and takes its place.
create or replace function app.duplicate_answer(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select app.event_answer('duplicate', p_channel, conversation_id, id)
  from public.marketing_messages
  where channel_id = p_channel.id and external_id = p_event ->> 'external_id' and imported_at is null
$$;

-- The row of an event: whose it is decides its direction, its kind is its type unless it is a message with a type of its
-- own. Null: it exists already. created_at is the moment inside the lock, so that rows sort as they were taken in.
create or replace function app.add_event_row(
  p_conversation public.marketing_conversations, p_event jsonb, p_sender text, p_owed_epoch integer default null
) returns uuid
language sql set search_path = '' as $$
  insert into public.marketing_messages as known
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
  on conflict (channel_id, external_id) do update
    set (conversation_id, direction, sender, type, body, payload, reply_to_external_id, sent_at, media_id, media_mime,
         media_sha256, ai_metadata, owed_epoch, created_at, imported_at)
        = (excluded.conversation_id, excluded.direction, excluded.sender, excluded.type, excluded.body, excluded.payload,
           excluded.reply_to_external_id, excluded.sent_at, excluded.media_id, excluded.media_mime,
           excluded.media_sha256, null, excluded.owed_epoch, excluded.created_at, null),
        status = case when app.message_rank(known.status) > app.message_rank(excluded.status) then known.status
                      else excluded.status end,
        media_status = case when known.media_status = 'stored' and known.media_id = excluded.media_id then 'stored'
                            else excluded.media_status end
    where known.imported_at is not null
  returning id
$$;

-- A person writes: they have the conversation from this moment, also while an answer of the assistant is in flight. That
-- it began with the history, without the assistant, is no longer what matters about it.
create or replace function app.person_speaks(
  p_conversation public.marketing_conversations, p_actor_id uuid
) returns public.marketing_conversations
language plpgsql set search_path = '' as $$
declare
  takes_over constant boolean :=
    p_conversation.ai_enabled or coalesce(p_conversation.handoff_reason = 'history', false);
  spoken public.marketing_conversations;
begin
  update public.marketing_conversations
  set human_epoch = human_epoch + 1,
      last_human_at = clock_timestamp(),
      ai_enabled = false,
      handoff_reason = case when takes_over then 'human_reply' else handoff_reason end,
      handoff_at = case when takes_over then clock_timestamp() else handoff_at end,
      unread_count = 0,
      answered_epoch = epoch,
      answer_due_at = null,
      first_unanswered_at = null,
      answer_rewrites = 0
  where id = p_conversation.id
  returning * into spoken;
  if takes_over then
    perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'conversation.handed_over',
                      p_actor_id, jsonb_build_object('reason', 'human_reply'));
  end if;
  return spoken;
end
$$;

-- Messages whose file was not fetched, tried again after 1, 2, 4 … minutes, while Meta still has it: seven days from when
-- it came, which is later than it was written for one of the history.
create or replace function public.pending_media(p_limit integer) returns jsonb
language sql security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(id order by created_at), '[]')
  from (
    select id, created_at from public.marketing_messages
    where media_status = 'pending' and greatest(created_at, imported_at) > now() - interval '7 days'
      and greatest(created_at, imported_at) < now() - interval '1 minute' * power(2, least(media_attempts, 12))
    order by created_at
    limit p_limit
  ) as pending
$$;

create type app.past_message as (
  external_id text,
  sent_at timestamptz,
  from_business boolean,
  type text,
  body text,
  payload jsonb,
  reply_id text,
  media jsonb,
  reply_to_external_id text,
  opens_window boolean,
  opts_out boolean,
  status text
);

-- The messages of an event, without those that were written before their contact was erased; one that does not say when
-- it was written may have been.
create function app.past_messages(p_channel public.marketing_channels, p_event jsonb) returns app.past_message[]
language sql set search_path = '' as $$
  select coalesce(array_agg(message), '{}')
  from jsonb_populate_recordset(null::app.past_message, p_event -> 'messages') as message
  where not app.is_of_erased(p_channel.professional_id, app.event_identities(p_event),
                             (p_event ->> 'received_at')::timestamptz, coalesce(message.sent_at, '-infinity'))
$$;
call app.guard_function('app.past_messages(public.marketing_channels, jsonb)');

create function app.past_payload(p_message app.past_message) returns jsonb
language sql immutable set search_path = '' as $$
  select p_message.payload
         || jsonb_strip_nulls(jsonb_build_object('reply_id', p_message.reply_id, 'media', p_message.media))
$$;
call app.guard_function('app.past_payload(app.past_message)');

-- Answers how many of them were not there yet. The time at which they were written is where they belong in the thread.
create function app.add_past_messages(p_conversation public.marketing_conversations, p_messages app.past_message[])
returns integer
language sql set search_path = '' as $$
  with added as (
    insert into public.marketing_messages
      (professional_id, conversation_id, channel_id, direction, status, sender, type, body, payload, external_id,
       reply_to_external_id, sent_at, media_id, media_mime, media_sha256, media_status, ai_metadata, created_at,
       imported_at)
    select
      p_conversation.professional_id, p_conversation.id, p_conversation.channel_id,
      case when message.from_business then 'outbound' else 'inbound' end,
      case when message.from_business then message.status else 'received' end,
      case when message.from_business then 'professional' else 'contact' end,
      message.type, message.body, app.past_payload(message), message.external_id, message.reply_to_external_id,
      coalesce(message.sent_at, clock_timestamp()), message.media ->> 'id', message.media ->> 'mime',
      message.media ->> 'sha256', case when message.media ->> 'id' is not null then 'pending' end,
      case when message.opts_out then '{"intent": "opt_out"}'::jsonb end,
      least(coalesce(message.sent_at, clock_timestamp()), clock_timestamp()), clock_timestamp()
    from unnest(p_messages) as message
    on conflict (channel_id, external_id) do nothing
    returning 1
  )
  select count(*)::integer from added
$$;
call app.guard_function('app.add_past_messages(public.marketing_conversations, app.past_message[])');

-- A message with a file comes twice: first only that there was one, later the file. Whichever comes first, the file stays.
create function app.complete_past_messages(p_channel_id uuid, p_messages app.past_message[]) returns void
language sql set search_path = '' as $$
  update public.marketing_messages known
  set type = message.type, body = message.body, payload = app.past_payload(message),
      media_id = message.media ->> 'id', media_mime = message.media ->> 'mime',
      media_sha256 = message.media ->> 'sha256',
      media_status = case when message.media ->> 'id' is not null then 'pending' end
  from unnest(p_messages) as message
  where known.channel_id = p_channel_id and known.external_id = message.external_id and known.imported_at is not null
    and known.media_id is null
    and (message.media ->> 'id' is not null
         or known.type = 'media_placeholder' and message.type <> 'media_placeholder')
$$;
call app.guard_function('app.complete_past_messages(uuid, app.past_message[])');

-- What became of the clinic's own messages, never less than is known. Those that we sent ourselves have statuses of their
-- own, which are what counts.
create function app.advance_past_statuses(p_channel_id uuid, p_messages app.past_message[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.marketing_messages known
  set status = message.status
  from unnest(p_messages) as message
  where known.channel_id = p_channel_id and known.external_id = message.external_id
    and known.direction = 'outbound' and known.purpose is null and message.from_business
    and app.message_rank(message.status) > app.message_rank(known.status);
  -- and those that Meta reported before the message itself was known
  perform app.apply_statuses(known.id)
  from unnest(p_messages) as message
  join public.marketing_messages known on known.channel_id = p_channel_id and known.external_id = message.external_id
  where known.direction = 'outbound' and known.purpose is null
    and exists (select from public.message_status_events status
                where status.channel_id = p_channel_id and status.external_id = message.external_id);
end
$$;
call app.guard_function('app.advance_past_statuses(uuid, app.past_message[])');

-- Edits and revokes, of messages and of edits that came now or before.
create function app.apply_past_changes(p_channel_id uuid, p_messages app.past_message[]) returns void
language sql set search_path = '' as $$
  select app.apply_changes(p_channel_id, target)
  from (
    select distinct change.reply_to_external_id as target
    from public.marketing_messages change
    where change.channel_id = p_channel_id and change.type in ('edit', 'revoke')
      and change.reply_to_external_id in (
        select unnest(array[message.external_id, message.reply_to_external_id]) from unnest(p_messages) as message)
  ) as changed
$$;
call app.guard_function('app.apply_past_changes(uuid, app.past_message[])');

create function app.has_patient(p_conversation public.marketing_conversations, p_phone text) returns boolean
language sql stable set search_path = '' as $$
  select p_conversation.patient_id is not null or exists (
    select from public.patients
    where professional_id = p_conversation.professional_id
      and app.canonical_phone(phone) in (app.canonical_phone(p_phone), app.canonical_phone(p_conversation.contact_phone)))
$$;
call app.guard_function('app.has_patient(public.marketing_conversations, text)');

-- Somebody with whom the clinic wrote before and who is no patient may be a friend or a supplier: the assistant stays out
-- of it until a person lets it in. Not where it, or a person, has spoken or decided since the number was linked.
create function app.leave_to_people(p_conversation public.marketing_conversations, p_phone text) returns void
language sql set search_path = '' as $$
  update public.marketing_conversations conversation
  set ai_enabled = false, handoff_reason = 'history', handoff_at = clock_timestamp()
  from public.marketing_channels channel
  where conversation.id = p_conversation.id and channel.id = conversation.channel_id
    and conversation.ai_enabled and conversation.human_epoch = 0 and conversation.last_ai_at is null
    and conversation.created_at >= channel.linked_at
    and not app.has_patient(conversation, p_phone)
$$;
call app.guard_function('app.leave_to_people(public.marketing_conversations, text)');

-- The window opens, or not, by the true time of what the contact wrote. How they are reached and called: the newest
-- message knows best; what they wrote live since, or gave as their name, stays.
create function app.note_history(
  p_conversation public.marketing_conversations, p_event jsonb, p_messages app.past_message[]
) returns void
language plpgsql set search_path = '' as $$
declare
  now_at constant timestamptz := clock_timestamp();
  phone constant text := p_event ->> 'contact_phone';
  user_id constant text := p_event ->> 'contact_user_id';
  username constant text := p_event ->> 'contact_username';
  name constant text := p_event ->> 'contact_name';
  inbound_at timestamptz;
  message_at timestamptz;
  newest boolean;
begin
  select max(message.at) filter (where opens_window), max(message.at) into inbound_at, message_at
  from (select case when sent_at > now_at then now_at else sent_at end as at, opens_window
        from unnest(p_messages)) as message;
  newest := coalesce(inbound_at >= coalesce(p_conversation.last_inbound_at, '-infinity'), false);
  update public.marketing_conversations
  set contact_phone = case when newest then coalesce(phone, contact_phone) else coalesce(contact_phone, phone) end,
      contact_user_id = case when newest then coalesce(user_id, contact_user_id) else coalesce(contact_user_id, user_id) end,
      contact_username = coalesce(contact_username, username),
      contact_name = case when name_from_phone_app then coalesce(name, contact_name) else coalesce(contact_name, name) end,
      name_from_phone_app = name_from_phone_app and name is null,
      patient_id = coalesce(patient_id, app.find_patient(professional_id, phone)),
      last_inbound_at = greatest(last_inbound_at, inbound_at),
      last_message_at = greatest(last_message_at, message_at)
  where id = p_conversation.id;
end
$$;
call app.guard_function('app.note_history(public.marketing_conversations, jsonb, app.past_message[])');

-- Whoever asked in the past not to be written to asked for it then: a later consent, or an ordinary message since, counts
-- as after any withdrawal. Also the ledger's created_at is that moment, because it is what wrote_since looks at.
create function app.withdraw_as_written(p_conversation_id uuid, p_messages app.past_message[]) returns void
language plpgsql set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  state record;
begin
  select * into conversation from public.marketing_conversations where id = p_conversation_id;
  insert into public.marketing_consent_events
    (professional_id, contact_kind, contact_value, patient_id, conversation_id, scope, action, source, wording,
     occurred_at, created_at)
  select conversation.professional_id, identity.kind, identity.value, conversation.patient_id, conversation.id,
         scope, 'withdrawn', 'history', message.body, message.sent_at, message.sent_at
  from unnest(p_messages) as message
  cross join unnest(array['care', 'marketing']) as scope
  join public.marketing_contact_identities identity on identity.conversation_id = conversation.id
  where message.opts_out and message.sent_at is not null
    and not exists (
      select from public.marketing_consent_events known
      where known.professional_id = conversation.professional_id and known.contact_kind = identity.kind
        and known.contact_value = identity.value and known.scope = scope.scope and known.source = 'history'
        and known.occurred_at = message.sent_at);
  if not found then
    return;
  end if;
  state := app.consent_state(conversation.id);
  perform app.project_marketing(conversation.professional_id, conversation.patient_id,
                                app.canonical_phone(conversation.contact_phone), state.marketing);
  perform app.cancel_waiting(conversation.id, case when state.care then 'marketing' else 'care' end)
  where not state.marketing;
  perform app.audit(conversation.professional_id, 'conversation', conversation.id, 'consent.withdrawn', null,
                    '{"scope": "care", "source": "history"}');
end
$$;
call app.guard_function('app.withdraw_as_written(uuid, app.past_message[])');
