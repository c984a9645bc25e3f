-- Requests to delete somebody's data, kept as proof that they were carried out: ids, counts and hashes only.
create table public.marketing_data_requests (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid references public.professionals on delete cascade,
  kind text not null check (kind in ('meta_deletion', 'contact_erasure')),
  confirmation_code text not null unique default encode(extensions.gen_random_bytes(16), 'hex'),
  subject_hash text,
  conversation_ids uuid[] not null default '{}',
  status text not null check (status in ('pending_media', 'completed')),
  pending_paths text[] not null default '{}',
  receipt jsonb not null default '{}' check (jsonb_typeof(receipt) = 'object'),
  requested_by uuid,
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((kind = 'meta_deletion') = (professional_id is null)),
  check ((kind = 'meta_deletion') = (subject_hash is not null)),
  check ((status = 'completed') = (completed_at is not null)),
  check (status = 'pending_media' or pending_paths = '{}')
);
comment on column public.marketing_data_requests.professional_id is
  'Null: a person asked Meta, which concerns whatever they had linked, at any professional or none.';
comment on column public.marketing_data_requests.pending_paths is
  'Files that are still to be deleted from the bucket; the request is asked again until there are none.';
create index marketing_data_requests_professional_id_idx
  on public.marketing_data_requests (professional_id, created_at desc);
create unique index marketing_data_requests_subject_key
  on public.marketing_data_requests (subject_hash) where kind = 'meta_deletion';
call app.guard_table('public.marketing_data_requests', 'nobody');
