-- The address book of a number that stays on the phone app: what is kept there of a contact is exported and erased with
-- the rest of them.
create table public.phone_app_contacts (
  professional_id uuid not null,
  channel_id uuid not null,
  phone text not null check (length(phone) between 1 and 300),
  name text,
  changed_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (channel_id, phone),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on table public.phone_app_contacts is
  'Names of the address book of a number''s phone app, private ones among them: nobody reads the list.';
comment on column public.phone_app_contacts.phone is 'app.canonical_phone of it.';
comment on column public.phone_app_contacts.name is
  'Null: removed from the address book; the row stays a while, so that an older change that comes late does not undo it.';
create index phone_app_contacts_professional_id_idx on public.phone_app_contacts (professional_id);
call app.guard_table('public.phone_app_contacts', 'nobody');
