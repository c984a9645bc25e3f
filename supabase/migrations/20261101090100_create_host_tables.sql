-- Standing for the tables the host application already has: it keeps its own, with its own grants. What this module
-- needs of them is select for the signed-in tenant; nothing the host granted is revoked here.
create table if not exists public.professionals (
  id uuid primary key references auth.users on delete cascade,
  name text not null,
  email text not null,
  timezone text not null check (app.is_timezone(timezone)),
  country text check (country ~ '^[A-Z]{2}$'),
  specialty text,
  licence_number text,
  opening_hours jsonb,
  closures jsonb,
  holiday_country text,
  appointment_minutes integer check (appointment_minutes between 5 and 480),
  buffer_minutes integer check (buffer_minutes between 0 and 240),
  lead_time_minutes integer check (lead_time_minutes between 0 and 20160),
  price_list jsonb,
  phone text,
  emergency_phone text,
  emergency_instructions text,
  alert_phone text,
  address text,
  maps_url text,
  insurances jsonb,
  payment_methods jsonb,
  privacy_notice_url text,
  marketing_enabled boolean,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.professionals.opening_hours is '{"mon": [["09:00","13:00"]], …, "sun": []}, wall clock in timezone.';
comment on column public.professionals.price_list is '[{"treatment","price","currency","minutes"}]: the only source of prices.';

create table public.professional_members (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null check (role in ('owner', 'reception', 'marketing')),
  invited_by uuid,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, user_id)
);
create index professional_members_user_id_idx on public.professional_members (user_id) where revoked_at is null;

-- The tenants a signed-in user may read: their own id and the teams they belong to. Definer, because the policy of
-- professional_members itself asks; stable, so that it runs once per query and not per row.
create function app.my_professionals() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select auth.uid() where auth.uid() is not null
  union
  select professional_id from public.professional_members where user_id = auth.uid() and revoked_at is null
$$;
create function app.my_owned_professionals() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select auth.uid() where auth.uid() is not null
  union
  select professional_id from public.professional_members
  where user_id = auth.uid() and revoked_at is null and role = 'owner'
$$;
grant execute on function app.my_professionals(), app.my_owned_professionals() to authenticated, service_role;

call app.guard_table('public.professional_members', 'team');

create table if not exists public.patients (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  full_name text not null,
  phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  email text,
  is_minor boolean not null default false,
  notes text,
  whatsapp_opt_in boolean not null default false,
  whatsapp_opt_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id)
);
create index if not exists patients_professional_id_phone_idx
  on public.patients (professional_id, app.canonical_phone(phone));

create table if not exists public.appointments (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  patient_id uuid,
  conversation_id uuid,
  attendee_name text,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  reason text,
  status text not null default 'booked' check (status in ('held', 'booked', 'cancelled', 'completed', 'no_show')),
  source text not null default 'host_app',
  offer_id uuid,
  hold_expires_at timestamptz,
  calendar_event_id text,
  calendar_sync_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (professional_id, offer_id),
  check (starts_at < ends_at),
  check (status <> 'held' or hold_expires_at is not null),
  foreign key (professional_id, patient_id) references public.patients (professional_id, id)
    on delete set null (patient_id),
  constraint appointments_no_overlap exclude using gist (
    professional_id with operator(pg_catalog.=),
    tstzrange(starts_at, ends_at, '[)') with operator(pg_catalog.&&)
  ) where (status in ('held', 'booked'))
);
comment on constraint appointments_no_overlap on public.appointments is
  'No double booking, whoever writes: assistant, dashboard or host application.';
create index if not exists appointments_professional_id_starts_at_idx on public.appointments (professional_id, starts_at);
create index if not exists appointments_conversation_id_idx on public.appointments (conversation_id);
create index if not exists appointments_patient_id_idx on public.appointments (patient_id);

alter table public.professionals enable row level security;
alter table public.patients enable row level security;
alter table public.appointments enable row level security;
grant select on public.professionals, public.patients, public.appointments to authenticated;
grant select, insert, update, delete on public.professionals, public.patients, public.appointments to service_role;
create policy professionals_select_team on public.professionals for select to authenticated
  using (id in (select app.my_professionals()));
create policy professionals_all_service on public.professionals for all to service_role using (true) with check (true);
create policy patients_select_team on public.patients for select to authenticated
  using (professional_id in (select app.my_professionals()));
create policy patients_all_service on public.patients for all to service_role using (true) with check (true);
create policy appointments_select_team on public.appointments for select to authenticated
  using (professional_id in (select app.my_professionals()));
create policy appointments_all_service on public.appointments for all to service_role using (true) with check (true);
