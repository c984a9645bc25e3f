-- One thread per channel and contact, the identities under which the contact is known, and the messages in it.
create table public.marketing_conversations (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  channel_id uuid not null,
  contact_phone text check (contact_phone ~ '^\+[1-9][0-9]{4,17}$'),
  contact_user_id text check (length(contact_user_id) between 1 and 300),
  contact_name text,
  contact_username text,
  patient_id uuid,
  context jsonb not null default '{}' check (jsonb_typeof(context) = 'object'),
  last_inbound_at timestamptz,
  last_message_at timestamptz,
  unread_count integer not null default 0 check (unread_count >= 0),
  -- who answers
  ai_enabled boolean not null default true,
  handoff_reason text,
  handoff_at timestamptz,
  handed_back_at timestamptz,
  last_human_at timestamptz,
  last_ai_at timestamptz,
  last_safety_at timestamptz,
  -- what is owed
  epoch integer not null default 0,
  human_epoch integer not null default 0,
  answered_epoch integer not null default 0,
  first_unanswered_at timestamptz,
  answer_due_at timestamptz,
  answer_rewrites integer not null default 0,
  answer_lease_id uuid,
  answer_lease_until timestamptz,
  -- what is being sent
  send_lease_message_id uuid,
  send_lease_until timestamptz,
  merged_into_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  check (answered_epoch <= epoch),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade,
  foreign key (professional_id, patient_id) references public.patients (professional_id, id)
    on delete set null (patient_id),
  foreign key (professional_id, merged_into_id) references public.marketing_conversations (professional_id, id)
    on delete set null (merged_into_id)
);
comment on column public.marketing_conversations.contact_phone is
  'The exact digits Meta gave, with a plus sign: a reply goes there. Null: known by user id only.';
comment on column public.marketing_conversations.last_inbound_at is 'Opens the 24 h customer service window.';
comment on column public.marketing_conversations.epoch is 'Moves on events that owe an answer.';
comment on column public.marketing_conversations.human_epoch is 'Moves on every human message, takeover and resume.';
comment on column public.marketing_conversations.answer_due_at is 'When the answer that is owed should be written; null: none is owed.';
create index marketing_conversations_professional_id_idx
  on public.marketing_conversations (professional_id, last_message_at desc);
create index marketing_conversations_channel_id_idx on public.marketing_conversations (channel_id);
create index marketing_conversations_patient_id_idx on public.marketing_conversations (patient_id);
create index marketing_conversations_merged_into_id_idx on public.marketing_conversations (merged_into_id);
create index marketing_conversations_answer_due_at_idx
  on public.marketing_conversations (answer_due_at) where answer_due_at is not null;
create index marketing_conversations_send_lease_until_idx
  on public.marketing_conversations (send_lease_until) where send_lease_until is not null;
call app.guard_table('public.marketing_conversations', 'team');

alter table public.appointments add constraint appointments_conversation_fkey
  foreign key (professional_id, conversation_id) references public.marketing_conversations (professional_id, id)
  on delete set null (conversation_id);

create table public.marketing_contact_identities (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  channel_id uuid not null,
  conversation_id uuid not null,
  kind text not null check (kind in ('phone', 'user_id')),
  value text not null check (length(value) between 1 and 300),
  created_at timestamptz not null default now(),
  unique (channel_id, kind, value),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade,
  foreign key (professional_id, conversation_id)
    references public.marketing_conversations (professional_id, id) on delete cascade
);
comment on column public.marketing_contact_identities.value is
  'kind phone: app.canonical_phone of it. kind user_id: a BSUID or Instagram-scoped id, as received.';
create index marketing_contact_identities_professional_id_idx on public.marketing_contact_identities (professional_id);
create index marketing_contact_identities_conversation_id_idx on public.marketing_contact_identities (conversation_id);
call app.guard_table('public.marketing_contact_identities', 'nobody');

create table public.marketing_messages (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  conversation_id uuid not null,
  channel_id uuid not null,
  direction text not null check (direction in ('inbound', 'outbound', 'system')),
  sender text not null check (sender in ('contact', 'ai', 'professional', 'campaign', 'system')),
  actor_id uuid,
  type text not null default 'text',
  body text,
  payload jsonb not null default '{}',
  external_id text,
  reply_to_external_id text,
  sent_at timestamptz,
  status text,
  status_times jsonb not null default '{}' check (jsonb_typeof(status_times) = 'object'),
  error jsonb,
  ai_metadata jsonb,
  -- the gate's view of an outbound message
  purpose text check (purpose in ('care', 'marketing', 'safety', 'consent_confirmation')),
  human_epoch integer,
  answer_epoch integer,
  answer_part integer,
  attempt integer not null default 0,
  next_attempt_at timestamptz,
  not_after timestamptz,
  send_lease_until timestamptz,
  -- what came with an inbound one
  media_id text,
  media_mime text,
  media_sha256 text,
  media_status text check (media_status in ('pending', 'stored', 'refused', 'failed')),
  media_attempts integer not null default 0,
  storage_path text,
  edited_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (channel_id, external_id),
  unique (conversation_id, answer_epoch, answer_part),
  constraint marketing_messages_status_of_direction check (
    case direction
      when 'inbound' then status = 'received'
      when 'outbound' then status in ('queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read')
      else status is null
    end),
  foreign key (professional_id, conversation_id)
    references public.marketing_conversations (professional_id, id) on delete cascade,
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on column public.marketing_messages.external_id is 'wamid or mid: with channel_id what makes a delivery happen once.';
comment on column public.marketing_messages.status_times is '{"sent": "<instant>", "delivered": …}: when each status was reached.';
create index marketing_messages_professional_id_idx on public.marketing_messages (professional_id, created_at desc);
create index marketing_messages_conversation_id_idx on public.marketing_messages (conversation_id, created_at);
create index marketing_messages_sending_idx on public.marketing_messages (send_lease_until) where status = 'sending';
create index marketing_messages_next_attempt_at_idx
  on public.marketing_messages (next_attempt_at) where next_attempt_at is not null;
create index marketing_messages_media_pending_idx on public.marketing_messages (created_at) where media_status = 'pending';
call app.guard_table('public.marketing_messages', 'team');

-- Backward is impossible whoever writes: an acknowledged delivery is never forgotten.
create function app.message_rank(status text) returns integer
language sql immutable parallel safe set search_path = '' as $$
  select array_position(array['queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read'], status)
$$;
grant execute on function app.message_rank(text) to authenticated, service_role;
create function app.keep_status_forward() returns trigger
language plpgsql set search_path = '' as $$
begin
  if app.message_rank(new.status) < app.message_rank(old.status) then
    raise exception 'a message cannot go from % to %', old.status, new.status using errcode = 'check_violation';
  end if;
  return new;
end
$$;
create trigger keep_status_forward before update of status on public.marketing_messages
  for each row when (old.status is distinct from new.status) execute function app.keep_status_forward();

create table public.message_status_events (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  channel_id uuid not null,
  external_id text not null,
  reference text,
  status text not null,
  occurred_at timestamptz not null,
  payload jsonb not null default '{}',
  message_id uuid,
  created_at timestamptz not null default now(),
  unique (channel_id, external_id, status, occurred_at),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade,
  foreign key (professional_id, message_id) references public.marketing_messages (professional_id, id)
    on delete set null (message_id)
);
comment on table public.message_status_events is 'Every status Meta reported; message_id stays null until its message is known.';
create index message_status_events_professional_id_idx on public.message_status_events (professional_id);
create index message_status_events_reference_idx on public.message_status_events (channel_id, reference);
create index message_status_events_message_id_idx on public.message_status_events (message_id);
call app.guard_table('public.message_status_events', 'nobody');

create table public.marketing_comments (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  channel_id uuid not null,
  external_id text not null,
  parent_external_id text,
  media_external_id text,
  author_user_id text,
  author_username text,
  body text,
  payload jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (channel_id, external_id),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
create index marketing_comments_professional_id_idx on public.marketing_comments (professional_id, created_at desc);
call app.guard_table('public.marketing_comments', 'team');

create table public.marketing_slot_offers (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  conversation_id uuid not null,
  batch_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  reason text,
  attendee_name text,
  expires_at timestamptz not null,
  withdrawn_at timestamptz,
  created_at timestamptz not null default now(),
  unique (professional_id, id),
  check (starts_at < ends_at),
  foreign key (professional_id, conversation_id)
    references public.marketing_conversations (professional_id, id) on delete cascade
);
comment on table public.marketing_slot_offers is
  'Slots code offered in a conversation. The id is what a tap returns; it books nothing in any other conversation.';
create index marketing_slot_offers_professional_id_idx on public.marketing_slot_offers (professional_id);
create index marketing_slot_offers_conversation_id_idx on public.marketing_slot_offers (conversation_id, created_at desc);
call app.guard_table('public.marketing_slot_offers', 'nobody');
