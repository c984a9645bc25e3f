-- The accounts a professional linked: the secret half (credentials) and the half the team sees (channels).
create table public.tenant_data_keys (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  purpose text not null check (purpose in ('meta', 'google', 'llm')),
  version integer not null default 1 check (version > 0),
  wrapped_key text not null,
  created_at timestamptz not null default now(),
  unique (professional_id, purpose, version)
);
comment on column public.tenant_data_keys.wrapped_key is
  'AES-256 data key, base64, wrapped by KMS with the encryption context {professional_id, purpose}.';
call app.guard_table('public.tenant_data_keys', 'nobody');

create table public.marketing_channel_credentials (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  channel text not null check (channel in ('whatsapp', 'instagram', 'google_calendar')),
  external_business_id text,
  meta_user_id text,
  phone_number_id text,
  access_token_encrypted text,
  refresh_token_encrypted text,
  token_expires_at timestamptz,
  ai_provider text check (ai_provider in ('openai', 'openrouter', 'huggingface', 'ollama', 'rules')),
  ai_model text,
  ai_api_key_encrypted text,
  ai_persona jsonb not null default '{}' check (jsonb_typeof(ai_persona) = 'object'),
  status text not null default 'pending'
    check (status in ('pending', 'connected', 'reauth_required', 'restricted', 'disconnected')),
  status_reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id)
);
comment on column public.marketing_channel_credentials.external_business_id is 'WABA id, or the Instagram professional account id.';
comment on column public.marketing_channel_credentials.access_token_encrypted is
  'AES-256-GCM under a tenant data key; null once disconnected.';
create index marketing_channel_credentials_professional_id_idx on public.marketing_channel_credentials (professional_id);
-- A number or an account belongs to one professional at a time; who linked it before may link it again.
create unique index marketing_channel_credentials_phone_number_id_live_key
  on public.marketing_channel_credentials (phone_number_id) where status <> 'disconnected';
create unique index marketing_channel_credentials_instagram_live_key
  on public.marketing_channel_credentials (external_business_id) where channel = 'instagram' and status <> 'disconnected';
create index marketing_channel_credentials_external_business_id_idx
  on public.marketing_channel_credentials (external_business_id);
call app.guard_table('public.marketing_channel_credentials', 'owner');
revoke select on public.marketing_channel_credentials from authenticated;
grant select (id, professional_id, channel, external_business_id, meta_user_id, phone_number_id, token_expires_at,
              ai_provider, ai_model, ai_persona, status, status_reason, created_at, updated_at)
  on public.marketing_channel_credentials to authenticated;

create table public.marketing_channels (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  credential_id uuid not null unique,
  type text not null check (type in ('whatsapp', 'instagram', 'google_calendar')),
  status text not null default 'pending'
    check (status in ('pending', 'connected', 'reauth_required', 'restricted', 'disconnected')),
  ai_enabled boolean not null default true,
  ai_mode text not null default 'auto' check (ai_mode in ('auto', 'suggest')),
  display_name text,
  display_phone_number text,
  quality_rating text,
  messaging_limit text,
  throughput_per_second integer not null default 80 check (throughput_per_second > 0),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  foreign key (professional_id, credential_id)
    references public.marketing_channel_credentials (professional_id, id) on delete cascade
);
comment on column public.marketing_channels.ai_enabled is 'False silences the assistant on this number.';
comment on column public.marketing_channels.throughput_per_second is '80 for a Cloud API number, 20 for one that stays on the phone app.';
create index marketing_channels_professional_id_idx on public.marketing_channels (professional_id);
call app.guard_table('public.marketing_channels', 'team');

create table public.channel_pace (
  professional_id uuid not null,
  channel_id uuid not null,
  scope text not null check (scope in ('channel', 'pair')),
  key text not null,
  tokens double precision not null,
  refilled_at timestamptz not null default now(),
  primary key (channel_id, scope, key),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on table public.channel_pace is 'Token buckets of the send gate: one per number, one per number and contact.';
create index channel_pace_professional_id_idx on public.channel_pace (professional_id);
create index channel_pace_refilled_at_idx on public.channel_pace (refilled_at);
call app.guard_table('public.channel_pace', 'nobody');

create table public.oauth_states (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  channel text not null check (channel in ('whatsapp', 'instagram', 'google_calendar')),
  state_hash text not null unique,
  actor_id uuid not null,
  code_verifier_encrypted text,
  redirect_uri text,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);
comment on column public.oauth_states.state_hash is 'sha256 of the state that travels; a dump cannot be replayed.';
create index oauth_states_professional_id_idx on public.oauth_states (professional_id);
call app.guard_table('public.oauth_states', 'nobody');

create table public.marketing_templates (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  channel_id uuid not null,
  external_id text,
  name text not null check (name ~ '^[a-z0-9_]+$' and length(name) <= 512),
  language text not null,
  category text not null check (category in ('MARKETING', 'UTILITY', 'AUTHENTICATION')),
  status text not null,
  parameter_format text not null default 'POSITIONAL' check (parameter_format in ('POSITIONAL', 'NAMED')),
  components jsonb not null default '[]' check (jsonb_typeof(components) = 'array'),
  rejection_reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (channel_id, name, language),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on column public.marketing_templates.status is 'As Meta spells it: APPROVED, PENDING, REJECTED, PAUSED, DISABLED, …';
create index marketing_templates_professional_id_idx on public.marketing_templates (professional_id);
call app.guard_table('public.marketing_templates', 'team');
