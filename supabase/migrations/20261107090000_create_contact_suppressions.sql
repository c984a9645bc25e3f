-- What outlives an erasure so that it stays one: a keyed hash of each identity, with what had been withdrawn. Without the
-- key, which no API can read, a hash says nothing about whose it is; with it, a contact who comes back is recognised.

-- owner_id: a professional, or the zero uuid for what concerns the whole platform.
create table app.hash_keys (
  owner_id uuid primary key,
  key bytea not null default extensions.gen_random_bytes(32),
  created_at timestamptz not null default now()
);
comment on table app.hash_keys is 'Random keys of app.keyed_hash. Only the owner of the functions reads them.';
revoke all on app.hash_keys from public, anon, authenticated, service_role;

-- Definer: the only way to the keys, and it lets none of them out.
create function app.keyed_hash(p_owner_id uuid, p_value text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  secret bytea;
begin
  select key into secret from app.hash_keys where owner_id = p_owner_id;
  if not found then
    insert into app.hash_keys (owner_id) values (p_owner_id) on conflict do nothing;
    select key into strict secret from app.hash_keys where owner_id = p_owner_id;
  end if;
  return encode(extensions.hmac(convert_to(p_value, 'UTF8'), secret, 'sha256'), 'hex');
end
$$;
call app.guard_function('app.keyed_hash(uuid, text)');

create table public.contact_suppressions (
  professional_id uuid not null references public.professionals on delete cascade,
  contact_hash text not null,
  scopes text[] not null check (scopes <@ array['care', 'marketing']),
  erased_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (professional_id, contact_hash)
);
comment on table public.contact_suppressions is
  'Contacts who were erased: what is left of them is a keyed hash and what they had withdrawn.';
call app.guard_table('public.contact_suppressions', 'nobody');

-- p_value is what marketing_contact_identities holds: a canonical phone or a user id.
create function app.contact_hash(p_professional_id uuid, p_kind text, p_value text) returns text
language sql set search_path = '' as $$
  select app.keyed_hash(p_professional_id, p_kind || ':' || p_value)
$$;
call app.guard_function('app.contact_hash(uuid, text, text)');

create function app.has_erased(p_professional_id uuid) returns boolean
language sql stable set search_path = '' as $$
  select exists (select from public.contact_suppressions where professional_id = p_professional_id)
$$;
call app.guard_function('app.has_erased(uuid)');

-- Somebody who was erased is known again: what they had withdrawn is in force from the moment of the erasure, so that
-- a newer decision of theirs still wins, and their next ordinary message restores care as after any withdrawal.
create function app.restore_withdrawals() returns trigger
language plpgsql set search_path = '' as $$
declare
  hash text;
begin
  if not app.has_erased(new.professional_id) then
    return new;
  end if;
  hash := app.contact_hash(new.professional_id, new.kind, new.value);
  insert into public.marketing_consent_events
    (professional_id, contact_kind, contact_value, conversation_id, scope, action, source, occurred_at, created_at)
  select new.professional_id, new.kind, new.value, new.conversation_id, scope, 'withdrawn', 'suppression',
         suppression.erased_at, suppression.erased_at
  from public.contact_suppressions suppression cross join unnest(suppression.scopes) as scope
  where suppression.professional_id = new.professional_id and suppression.contact_hash = hash
    -- the same contact on the professional's other number: the ledger knows already
    and not exists (
      select from public.marketing_consent_events known
      where known.professional_id = new.professional_id and known.contact_kind = new.kind
        and known.contact_value = new.value and known.scope = scope and known.source = 'suppression'
        and known.occurred_at = suppression.erased_at);
  return new;
end
$$;
create trigger restore_withdrawals after insert on public.marketing_contact_identities
  for each row execute function app.restore_withdrawals();
