-- What is written, reviewed, scheduled and published.
create table public.marketing_campaigns (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  channel_type text not null check (channel_type in ('whatsapp', 'instagram')),
  channel_id uuid,
  name text not null,
  objective text,
  audience jsonb,
  template jsonb,
  status text not null default 'draft' check (status in (
    'draft', 'in_review', 'approved', 'scheduled', 'publishing', 'paused', 'published',
    'rejected', 'failed', 'unconfirmed', 'cancelled', 'archived')),
  scheduled_at timestamptz,
  approved_hash text,
  approved_by uuid,
  approved_at timestamptz,
  review_comment text,
  published_at timestamptz,
  external_id text,
  error jsonb,
  ai_metadata jsonb,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  check (status not in ('approved', 'scheduled', 'publishing', 'paused', 'published') or approved_hash is not null),
  check (status <> 'scheduled' or scheduled_at is not null),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id)
    on delete set null (channel_id)
);
create index marketing_campaigns_professional_id_idx on public.marketing_campaigns (professional_id, created_at desc);
create index marketing_campaigns_channel_id_idx on public.marketing_campaigns (channel_id);
create index marketing_campaigns_due_idx on public.marketing_campaigns (scheduled_at) where status = 'scheduled';
call app.guard_table('public.marketing_campaigns', 'team');

create table public.marketing_campaign_assets (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  campaign_id uuid not null,
  asset_type text not null check (asset_type in ('caption', 'image', 'video', 'document')),
  storage_path text,
  content text,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  position integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  check (storage_path like professional_id::text || '/%'),
  foreign key (professional_id, campaign_id) references public.marketing_campaigns (professional_id, id) on delete cascade
);
create index marketing_campaign_assets_professional_id_idx on public.marketing_campaign_assets (professional_id);
create index marketing_campaign_assets_campaign_id_idx on public.marketing_campaign_assets (campaign_id, position);
call app.guard_table('public.marketing_campaign_assets', 'team');

create table public.marketing_campaign_recipients (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  campaign_id uuid not null,
  patient_id uuid,
  message_id uuid,
  status text not null default 'pending'
    check (status in ('pending', 'claimed', 'sent', 'delivered', 'read', 'failed', 'unknown', 'skipped')),
  error jsonb,
  claimed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (campaign_id, patient_id),
  foreign key (professional_id, campaign_id) references public.marketing_campaigns (professional_id, id) on delete cascade,
  foreign key (professional_id, patient_id) references public.patients (professional_id, id)
    on delete set null (patient_id),
  foreign key (professional_id, message_id) references public.marketing_messages (professional_id, id)
    on delete set null (message_id)
);
create index marketing_campaign_recipients_professional_id_idx on public.marketing_campaign_recipients (professional_id);
create index marketing_campaign_recipients_patient_id_idx on public.marketing_campaign_recipients (patient_id);
create index marketing_campaign_recipients_message_id_idx on public.marketing_campaign_recipients (message_id);
create index marketing_campaign_recipients_pending_idx
  on public.marketing_campaign_recipients (campaign_id) where status = 'pending';
call app.guard_table('public.marketing_campaign_recipients', 'team');

create table public.publish_attempts (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  campaign_id uuid not null,
  attempt integer not null,
  container_id text,
  child_container_ids jsonb not null default '[]',
  step text not null check (step in ('creating', 'processing', 'finalizing', 'published', 'failed', 'unconfirmed')),
  finalized_at timestamptz,
  external_id text,
  error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (campaign_id, attempt),
  foreign key (professional_id, campaign_id) references public.marketing_campaigns (professional_id, id) on delete cascade
);
comment on column public.publish_attempts.container_id is 'Stored before finalizing: a lost answer is reconciled by reading it.';
create index publish_attempts_professional_id_idx on public.publish_attempts (professional_id);
create index publish_attempts_unfinished_idx
  on public.publish_attempts (updated_at) where step in ('creating', 'processing', 'finalizing', 'unconfirmed');
call app.guard_table('public.publish_attempts', 'nobody');
