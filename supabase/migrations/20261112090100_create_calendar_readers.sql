-- Which calendars a professional has, besides the agenda.

-- The Google account that counts: a live one, also one that does not work at the moment; its busy times are unknown then.
create function app.google_calendar(p_professional_id uuid) returns public.marketing_channels
language sql stable set search_path = '' as $$
  select linked from public.marketing_channels linked
  where professional_id = p_professional_id and type = 'google_calendar' and status <> 'disconnected'
  order by linked_at desc, id limit 1
$$;
call app.guard_function('app.google_calendar(uuid)');

-- {"timezone", "google": <dentalist.domain.accounts.LinkedAccount> | null, "settings": those of its channel,
-- "feed": {"id", "feed_url_encrypted"} | null}; null for nobody's id.
create function public.linked_calendars(p_professional_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  google constant public.marketing_channels := app.google_calendar(p_professional_id);
begin
  return (select jsonb_build_object(
    'timezone', professional.timezone, 'settings', coalesce(google.settings, '{}'),
    'google', (select app.linked_account(credential, google)
               from public.marketing_channel_credentials credential where credential.id = google.credential_id),
    'feed', (select jsonb_build_object('id', id, 'feed_url_encrypted', feed_url_encrypted)
             from public.calendar_feeds where professional_id = p_professional_id))
  from public.professionals professional where id = p_professional_id);
end
$$;
call app.guard_function('public.linked_calendars(uuid)');

-- Puts the feed of a professional in place of the one before; null takes it away. The address is not audited, its host is.
create function public.put_calendar_feed(
  p_professional_id uuid, p_actor_id uuid, p_feed_id uuid, p_host text, p_feed_url_encrypted text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  old public.calendar_feeds;
begin
  delete from public.calendar_feeds where professional_id = p_professional_id returning * into old;
  if p_feed_url_encrypted is not null then
    insert into public.calendar_feeds (id, professional_id, host, feed_url_encrypted)
    values (p_feed_id, p_professional_id, p_host, p_feed_url_encrypted);
  elsif old.id is null then
    return jsonb_build_object('outcome', 'unchanged');
  end if;
  perform app.audit(p_professional_id, 'professional', p_professional_id, 'clinic.calendar_feed_changed', p_actor_id,
                    jsonb_build_object('from', old.host, 'to', p_host));
  return jsonb_build_object('outcome', 'changed');
end
$$;
call app.guard_function('public.put_calendar_feed(uuid, uuid, uuid, text, text)');

-- The address of a feed is a secret like any other: a rotation of keys seals it anew, and keeps the keys it needs.
create or replace view app.sealed_secrets with (security_invoker = true) as
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
where secret.sealed is not null
union all
select id, professional_id, 'feed_url_encrypted', 'google', feed_url_encrypted,
       case when feed_url_encrypted ~ '^v1\.[0-9]{1,9}\.' then split_part(feed_url_encrypted, '.', 2)::integer else 0 end
from public.calendar_feeds;

create or replace function public.reseal_secret(
  p_credential_id uuid, p_column_name text, p_expected text, p_sealed text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  changed integer;
begin
  if p_column_name not in ('access_token_encrypted', 'refresh_token_encrypted', 'registration_pin_encrypted',
                           'ai_api_key_encrypted', 'feed_url_encrypted') then
    raise exception 'reseal_secret: % holds no secret', p_column_name using errcode = 'invalid_parameter_value';
  end if;
  execute format('update public.%1$I set %2$I = $1 where id = $2 and %2$I = $3',
                 case p_column_name when 'feed_url_encrypted' then 'calendar_feeds'
                                    else 'marketing_channel_credentials' end, p_column_name)
  using p_sealed, p_credential_id, p_expected;
  get diagnostics changed = row_count;
  return jsonb_build_object('outcome', case changed when 1 then 'resealed' else 'changed' end);
end
$$;
