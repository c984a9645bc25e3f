-- What the other migrations stand on: the schema of helpers that PostgREST does not expose, and the two rules every
-- table shares (who reads it, when it changed).
create extension if not exists pgcrypto with schema extensions;
create extension if not exists btree_gist with schema extensions;

create schema app;
comment on schema app is 'Helpers of the SQL functions and policies; not exposed by the API.';
grant usage on schema app to anon, authenticated, service_role;
-- Whoever may execute a function is said next to it. Not "in schema app": that could not take away the global default.
alter default privileges revoke execute on functions from public;

-- A lookup key, never a number to send to: Argentina writes mobiles with and without the 9, Mexico with and without the 1.
-- Its twin is dentalist.domain.phones.canonical_phone; one table of cases tests both.
create function app.canonical_phone(phone text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case
    when digits = '' then null
    when digits ~ '^549[0-9]{10}$' then '+54' || substr(digits, 4)
    when digits ~ '^521[0-9]{10}$' then '+52' || substr(digits, 4)
    else '+' || digits
  end
  from (select regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g') as digits) as cleaned
$$;
grant execute on function app.canonical_phone(text) to anon, authenticated, service_role;

create function app.is_timezone(name text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  perform timestamptz '2026-01-01 00:00+00' at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;
grant execute on function app.is_timezone(text) to anon, authenticated, service_role;

create function app.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- Gives a table its row level security in one line next to its definition, so that no table spells it differently.
--   readers = 'team'   the signed-in owner and the members of the team read their rows
--   readers = 'owner'  only owners do
--   readers = 'nobody' no signed-in user does
-- Nobody but the service role writes: the API checks who asks, and writes through functions and repositories.
create procedure app.guard_table(target regclass, readers text)
language plpgsql set search_path = '' as $$
declare
  name text := (select relname from pg_catalog.pg_class where oid = target);
begin
  if readers not in ('team', 'owner', 'nobody') then
    raise exception 'guard_table: unknown readers %', readers;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('revoke all on %s from anon, authenticated', target);
  execute format('grant select, insert, update, delete on %s to service_role', target);
  execute format('create policy %I on %s for all to service_role using (true) with check (true)',
                 name || '_all_service', target);
  if readers <> 'nobody' then
    execute format('grant select on %s to authenticated', target);
    execute format('create policy %I on %s for select to authenticated using (professional_id in (select app.%I()))',
                   name || '_select_' || readers, target,
                   case readers when 'team' then 'my_professionals' else 'my_owned_professionals' end);
  end if;
  if exists (select 1 from pg_catalog.pg_attribute
             where attrelid = target and attname = 'updated_at' and not attisdropped) then
    execute format('create trigger touch_updated_at before update on %s for each row execute function app.touch_updated_at()',
                   target);
  end if;
end
$$;
revoke execute on procedure app.guard_table(regclass, text) from public, anon, authenticated;
