-- What keeping an appointment's event in a linked calendar needs to be known. The row is due while calendar_sync_at is
-- null; every change of what the event shows makes it due again, whoever changes it.
alter table public.appointments
  add column calendar_revision integer not null default 0,
  add column calendar_etag text,
  add column calendar_attempts integer not null default 0,
  add column calendar_retry_at timestamptz;
comment on column public.appointments.calendar_revision is
  'Counts the changes of what the event shows; a write for an older one settles nothing.';
comment on column public.appointments.calendar_event_id is
  'The id under which the event stands or may stand: kept before it is written, so that a lost answer leaves no orphan.';
comment on column public.appointments.calendar_retry_at is 'Nobody else writes the event before: a lease, or a growing delay.';
create index appointments_calendar_due_idx on public.appointments (professional_id, starts_at)
  where calendar_sync_at is null and status in ('booked', 'cancelled');
create index appointments_calendar_event_id_idx on public.appointments (professional_id, calendar_event_id)
  where calendar_event_id is not null;

-- RFC 4648 base32hex, the alphabet that Google takes for ids. Its twin is dentalist.domain.calendars.event_id.
create function app.calendar_event_id(p_professional_id uuid, p_appointment_id uuid) returns text
language sql immutable parallel safe set search_path = '' as $$
  select string_agg(
    substr('0123456789abcdefghijklmnopqrstuv', substring(bits from position * 5 + 1 for 5)::bit(5)::integer + 1, 1), ''
    order by position)
  from (
    select ('x' || encode(sha256(uuid_send(p_professional_id) || uuid_send(p_appointment_id)), 'hex'))::bit(256)
      || b'0000' as bits
  ) as digest, generate_series(0, 51) as position
$$;
call app.guard_function('app.calendar_event_id(uuid, uuid)');

create function app.note_calendar_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  if (new.starts_at, new.ends_at, new.status, new.attendee_name, new.reason, new.patient_id)
    is distinct from (old.starts_at, old.ends_at, old.status, old.attendee_name, old.reason, old.patient_id) then
    new.calendar_revision := old.calendar_revision + 1;
    new.calendar_sync_at := null;
    new.calendar_attempts := 0;
    new.calendar_retry_at := null;
  end if;
  return new;
end
$$;
create trigger note_calendar_change
before update of starts_at, ends_at, status, attendee_name, reason, patient_id on public.appointments
for each row execute function app.note_calendar_change();

-- Events whose appointment was deleted: what is left to take away.
create table public.calendar_removals (
  professional_id uuid not null references public.professionals on delete cascade,
  event_id text not null,
  attempts integer not null default 0,
  retry_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (professional_id, event_id)
);
call app.guard_table('public.calendar_removals', 'nobody');

-- Definer: whoever deletes an appointment need not know of this table. Not for a professional who is being deleted.
create function app.keep_calendar_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.calendar_removals (professional_id, event_id)
  select old.professional_id, old.calendar_event_id
  where exists (select from public.professionals where id = old.professional_id)
  on conflict do nothing;
  return null;
end
$$;
revoke execute on function app.keep_calendar_removal() from public, anon, authenticated;
create trigger keep_calendar_removal after delete on public.appointments
for each row when (old.calendar_event_id is not null) execute function app.keep_calendar_removal();

-- How far the changes of each linked calendar have been read.
create table public.calendar_syncs (
  channel_id uuid primary key,
  professional_id uuid not null,
  linked_at timestamptz not null,
  sync_token text,
  failures integer not null default 0,
  next_sync_at timestamptz not null default now(),
  lease_id uuid,
  lease_until timestamptz,
  synced_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on column public.calendar_syncs.linked_at is
  'Of the channel when the token was given: linked again, it may be another calendar, which is read from its start.';
create index calendar_syncs_professional_id_idx on public.calendar_syncs (professional_id);
create index calendar_syncs_next_sync_at_idx on public.calendar_syncs (next_sync_at);
call app.guard_table('public.calendar_syncs', 'nobody');

-- A read-only feed (ICS). Its address opens the calendar to whoever knows it, so it is kept as tokens are.
create table public.calendar_feeds (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null unique references public.professionals on delete cascade,
  host text not null,
  feed_url_encrypted text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id)
);
comment on column public.calendar_feeds.host is 'The part of the address that people may be shown.';
call app.guard_table('public.calendar_feeds', 'nobody');
