-- What must be provable later: consent, who did what, what we could not understand, and what needs somebody's attention.
create table public.marketing_consent_events (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  contact_kind text check (contact_kind in ('phone', 'user_id')),
  contact_value text,
  patient_id uuid,
  conversation_id uuid,
  scope text not null check (scope in ('care', 'marketing')),
  action text not null check (action in ('granted', 'withdrawn')),
  source text not null,
  wording text,
  wording_version text,
  actor_id uuid,
  occurred_at timestamptz not null default now(),
  sequence bigint generated always as identity,
  created_at timestamptz not null default now(),
  check ((contact_kind is null) = (contact_value is null)),
  foreign key (professional_id, patient_id) references public.patients (professional_id, id)
    on delete set null (patient_id),
  foreign key (professional_id, conversation_id) references public.marketing_conversations (professional_id, id)
    on delete set null (conversation_id)
);
comment on table public.marketing_consent_events is
  'The ledger: the newest event of a scope decides. Keyed by the contact (app.canonical_phone or user id), inherited by the patient.';
create index marketing_consent_events_contact_idx
  on public.marketing_consent_events (professional_id, contact_kind, contact_value, scope, sequence desc);
create index marketing_consent_events_patient_id_idx on public.marketing_consent_events (patient_id, scope, sequence desc);
create index marketing_consent_events_conversation_id_idx on public.marketing_consent_events (conversation_id);
call app.guard_table('public.marketing_consent_events', 'team');

-- Setting the host application's flag is an opt-in (or its end); the ledger is told by the table itself, so that no
-- path around the API forgets.
create function app.record_host_opt_in() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  granted boolean := new.whatsapp_opt_in;
begin
  if tg_op = 'INSERT' and not granted then
    return new;
  end if;
  if current_setting('app.consent_source', true) = 'ledger' then
    return new;  -- the projection of a ledger row, not a new decision
  end if;
  insert into public.marketing_consent_events
    (professional_id, contact_kind, contact_value, patient_id, scope, action, source)
  select new.professional_id,
         case when new.phone is null then null else 'phone' end,
         app.canonical_phone(new.phone),
         new.id, scope, case when granted then 'granted' else 'withdrawn' end, 'host_app'
  from unnest(case when granted then array['care', 'marketing'] else array['marketing'] end) as scope;
  return new;
end
$$;
create function app.stamp_opt_in() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.whatsapp_opt_in and (tg_op = 'INSERT' or not old.whatsapp_opt_in) then
    new.whatsapp_opt_in_at := coalesce(new.whatsapp_opt_in_at, now());
  elsif not new.whatsapp_opt_in then
    new.whatsapp_opt_in_at := null;
  end if;
  return new;
end
$$;
create trigger stamp_opt_in before insert or update of whatsapp_opt_in on public.patients
  for each row execute function app.stamp_opt_in();
create trigger record_host_opt_in_on_insert after insert on public.patients
  for each row execute function app.record_host_opt_in();
create trigger record_host_opt_in_on_update after update of whatsapp_opt_in on public.patients
  for each row when (old.whatsapp_opt_in is distinct from new.whatsapp_opt_in) execute function app.record_host_opt_in();

create table public.marketing_audit_logs (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  entity_type text not null,
  entity_id uuid,
  action text not null,
  actor_id uuid,
  payload jsonb not null default '{}',
  correlation_id text,
  created_at timestamptz not null default now()
);
comment on table public.marketing_audit_logs is
  'Append-only; ids only, never names, phones or words, so that it survives an erasure. actor_id null: the system.';
create index marketing_audit_logs_professional_id_idx on public.marketing_audit_logs (professional_id, created_at desc);
create index marketing_audit_logs_entity_idx on public.marketing_audit_logs (entity_type, entity_id);
call app.guard_table('public.marketing_audit_logs', 'team');
revoke update, delete on public.marketing_audit_logs from service_role;
create function app.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger refuse_change before update or delete or truncate on public.marketing_audit_logs
  for each statement execute function app.refuse_change();

create table public.marketing_webhook_events (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid references public.professionals on delete cascade,
  event_key text unique,
  object text,
  field text,
  waba_id text,
  phone_number_id text,
  reason text not null check (reason in ('unknown_tenant', 'unknown_object', 'unknown_field', 'malformed', 'too_large')),
  payload jsonb not null,
  correlation_id text,
  received_at timestamptz not null default now(),
  resolved_at timestamptz,
  created_at timestamptz not null default now()
);
comment on table public.marketing_webhook_events is 'Signed by Meta, but not attachable or not understood: kept raw, never guessed.';
create index marketing_webhook_events_professional_id_idx on public.marketing_webhook_events (professional_id);
create index marketing_webhook_events_unresolved_idx
  on public.marketing_webhook_events (reason, received_at) where resolved_at is null;
create index marketing_webhook_events_phone_number_id_idx on public.marketing_webhook_events (phone_number_id);
call app.guard_table('public.marketing_webhook_events', 'nobody');

create table public.marketing_alerts (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  kind text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  message text not null,
  entity_type text,
  entity_id uuid,
  dedup_key text,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id)
);
comment on column public.marketing_alerts.dedup_key is 'While one with the same key is unacknowledged, another is not raised.';
create index marketing_alerts_professional_id_idx on public.marketing_alerts (professional_id, created_at desc);
create unique index marketing_alerts_open_key
  on public.marketing_alerts (professional_id, dedup_key) where acknowledged_at is null;
call app.guard_table('public.marketing_alerts', 'team');

create table public.idempotency_keys (
  professional_id uuid not null references public.professionals on delete cascade,
  route text not null,
  key text not null check (length(key) between 1 and 255),
  request_hash text not null,
  response_status integer,
  response_body jsonb,
  lease_id uuid not null,
  lease_until timestamptz not null,
  expires_at timestamptz not null default now() + interval '24 hours',
  created_at timestamptz not null default now(),
  primary key (professional_id, route, key)
);
comment on column public.idempotency_keys.response_status is 'Null while the first request is under way.';
create index idempotency_keys_expires_at_idx on public.idempotency_keys (expires_at);
call app.guard_table('public.idempotency_keys', 'nobody');
