-- What looking after a linked account needs to remember: how long its token lives, what it may do, and whether the
-- number works. Secrets end in _encrypted and are granted to nobody who signs in.
alter table public.marketing_channel_credentials
  add column token_kind text check (token_kind in ('system', 'user', 'instagram', 'google')),
  add column token_issued_at timestamptz,
  add column token_refreshed_at timestamptz,
  add column token_checked_at timestamptz,
  add column data_access_expires_at timestamptz,
  add column scopes text[],
  add column registration_pin_encrypted text;
comment on column public.marketing_channel_credentials.token_kind is 'Who renews the token: dentalist.domain.accounts.TokenKind.';
comment on column public.marketing_channel_credentials.token_expires_at is 'Null: never, or not told.';
comment on column public.marketing_channel_credentials.data_access_expires_at is
  'Meta gives no data after it, though the token still counts as valid; only logging in again moves it.';
comment on column public.marketing_channel_credentials.status_reason is 'The cause that a channel''s test names; null while connected.';
grant select (token_kind, token_issued_at, token_refreshed_at, token_checked_at, data_access_expires_at, scopes)
  on public.marketing_channel_credentials to authenticated;

-- A professional has one calendar, and a calendar is in one place at a time, as a number is.
create unique index marketing_channel_credentials_calendar_live_key
  on public.marketing_channel_credentials (external_business_id)
  where channel = 'google_calendar' and status <> 'disconnected';
create unique index marketing_channel_credentials_one_calendar_key
  on public.marketing_channel_credentials (professional_id)
  where channel = 'google_calendar' and status <> 'disconnected';

alter table public.marketing_channels
  add column on_phone_app boolean not null default false,
  add column payment_problem_at timestamptz,
  add column tested_at timestamptz,
  add column test_nonce text,
  add column test_event_received_at timestamptz,
  add column linked_at timestamptz,
  add column down_since timestamptz;
comment on column public.marketing_channels.on_phone_app is 'The clinic keeps using the number in the phone app (coexistence).';
comment on column public.marketing_channels.payment_problem_at is 'When Meta first refused a message for a payment problem; null once one is delivered.';
comment on column public.marketing_channels.test_nonce is 'What the event of the last self-test carries.';
comment on column public.marketing_channels.down_since is 'Since when it is not connected; null while it is.';

update public.marketing_channels
set linked_at = created_at, down_since = case when status <> 'connected' then updated_at end;
alter table public.marketing_channels
  alter column linked_at set default now(),
  alter column linked_at set not null;

-- Several functions change a status; from when on nobody was answered must not depend on which.
create function app.note_outage() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.down_since := case when new.status <> 'connected' then coalesce(old.down_since, now()) end;
  return new;
end
$$;
create trigger note_outage before update of status on public.marketing_channels
  for each row when (old.status is distinct from new.status) execute function app.note_outage();
