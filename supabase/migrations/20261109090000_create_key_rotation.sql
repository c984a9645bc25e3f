-- Rotating keys while the system runs: every step is one compare-and-swap on what was read, so that a run may be killed,
-- repeated, or run twice at once, and a token that a professional replaces meanwhile is never overwritten.
alter table public.tenant_data_keys add column wrapped_at timestamptz not null default now();
comment on column public.tenant_data_keys.wrapped_at is 'When the key service wrapped it last.';

-- The columns that hold secrets, as rows: what is sealed, where, and under which kind of key.
create view app.sealed_secrets with (security_invoker = true) as
select credential.id as credential_id, credential.professional_id, secret.column_name, secret.purpose, secret.sealed,
       -- What does not even look sealed counts as the oldest, so that a rotation meets it and says that it does not open.
       case when secret.sealed ~ '^v1\.[0-9]{1,9}\.' then split_part(secret.sealed, '.', 2)::integer else 0 end as version
from public.marketing_channel_credentials credential
cross join lateral (
  values
    ('access_token_encrypted', case credential.channel when 'google_calendar' then 'google' else 'meta' end,
     credential.access_token_encrypted),
    ('refresh_token_encrypted', case credential.channel when 'google_calendar' then 'google' else 'meta' end,
     credential.refresh_token_encrypted),
    ('registration_pin_encrypted', 'meta', credential.registration_pin_encrypted),
    ('ai_api_key_encrypted', 'llm', credential.ai_api_key_encrypted)
) as secret (column_name, purpose, sealed)
where secret.sealed is not null;
revoke all on app.sealed_secrets from public, anon, authenticated;
grant select on app.sealed_secrets to service_role;

create function public.data_keys_to_rewrap(p_before timestamptz, p_after uuid, p_limit integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(due) order by due.id), '[]')
  from (
    select id, professional_id, purpose, version, wrapped_key from public.tenant_data_keys
    where wrapped_at < p_before and (p_after is null or id > p_after)
    order by id limit p_limit
  ) due
$$;
call app.guard_function('public.data_keys_to_rewrap(timestamptz, uuid, integer)');

create function public.rewrap_data_key(p_id uuid, p_expected text, p_wrapped text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  update public.tenant_data_keys set wrapped_key = p_wrapped, wrapped_at = now()
  where id = p_id and wrapped_key = p_expected;
  return jsonb_build_object('outcome', case when found then 'rewrapped' else 'changed' end);
end
$$;
call app.guard_function('public.rewrap_data_key(uuid, text, text)');

-- Tenants and purposes whose newest data key was made before p_before.
create function public.data_keys_to_renew(p_before timestamptz, p_limit integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(due)), '[]')
  from (
    select professional_id, purpose, max(version) as version from public.tenant_data_keys
    group by professional_id, purpose
    having max(created_at) < p_before
    order by professional_id, purpose limit p_limit
  ) due
$$;
call app.guard_function('public.data_keys_to_renew(timestamptz, integer)');

-- Secrets that are sealed under an older key than the newest of their tenant and purpose.
create function public.secrets_to_reseal(p_after uuid, p_after_column text, p_limit integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(due) order by due.credential_id, due.column_name), '[]')
  from (
    select secret.credential_id, secret.professional_id, secret.column_name, secret.purpose, secret.sealed
    from app.sealed_secrets secret
    where (p_after is null or (secret.credential_id, secret.column_name) > (p_after, p_after_column))
      and secret.version < (
        select max(key.version) from public.tenant_data_keys key
        where key.professional_id = secret.professional_id and key.purpose = secret.purpose)
    order by secret.credential_id, secret.column_name limit p_limit
  ) due
$$;
call app.guard_function('public.secrets_to_reseal(uuid, text, integer)');

create function public.reseal_secret(p_credential_id uuid, p_column_name text, p_expected text, p_sealed text)
returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  changed integer;
begin
  if p_column_name not in ('access_token_encrypted', 'refresh_token_encrypted', 'registration_pin_encrypted',
                           'ai_api_key_encrypted') then
    raise exception 'reseal_secret: % holds no secret', p_column_name using errcode = 'invalid_parameter_value';
  end if;
  execute format('update public.marketing_channel_credentials set %1$I = $1 where id = $2 and %1$I = $3', p_column_name)
  using p_sealed, p_credential_id, p_expected;
  get diagnostics changed = row_count;
  return jsonb_build_object('outcome', case changed when 1 then 'resealed' else 'changed' end);
end
$$;
call app.guard_function('public.reseal_secret(uuid, text, text, text)');

-- Older keys that open nothing any more. A container may still seal with one that it read before the newer key was made,
-- so they stay until the newer one has been there for longer than keys are kept in memory.
create function public.drop_unused_data_keys(p_idle interval) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  dropped integer;
begin
  delete from public.tenant_data_keys old
  where exists (
      select from public.tenant_data_keys newer
      where newer.professional_id = old.professional_id and newer.purpose = old.purpose
        and newer.version > old.version and newer.created_at < now() - p_idle)
    and not exists (
      select from app.sealed_secrets secret
      where secret.professional_id = old.professional_id and secret.purpose = old.purpose
        and secret.version = old.version)
    and not exists (
      select from public.oauth_states attempt
      where attempt.professional_id = old.professional_id and attempt.code_verifier_encrypted is not null
        and attempt.expires_at > now());
  get diagnostics dropped = row_count;
  return jsonb_build_object('dropped', dropped);
end
$$;
call app.guard_function('public.drop_unused_data_keys(interval)');
