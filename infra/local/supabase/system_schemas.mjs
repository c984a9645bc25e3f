// What hosted Supabase has on top of the auth and storage tables that lite creates. Every statement can run again.

export const AFTER_SYSTEM_SCHEMAS_SQL = `
grant usage on schema auth, storage to anon, authenticated, service_role;
-- As in the cloud: row level security decides, not the grant.
grant all on all tables in schema storage to anon, authenticated, service_role;

-- Hosted Supabase's definitions. lite's read only the older one-setting-per-claim form, so a policy could not be tried
-- in SQL with "set request.jwt.claims".
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;
create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb
$$;
`;

// The table of the Supabase CLI.
export const HISTORY_SQL = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text not null primary key,
  statements text[],
  name text
);
`;
