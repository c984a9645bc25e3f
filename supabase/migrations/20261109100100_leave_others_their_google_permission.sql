-- Two corrections about who an account at a provider belongs to.

-- Google gives a permission to our app as a whole: giving one token back ends all of that person's. Which person that is
-- we are not told, so a calendar of the same name, or of none, counts as possibly theirs, and the permission stays. The
-- name of somebody's own calendar is their address unless they changed it.
create function app.siblings_of(p_channel public.marketing_channels, p_account_id text) returns integer
language sql stable set search_path = '' as $$
  select count(*)::integer
  from public.marketing_channel_credentials other
  left join public.marketing_channels other_channel on other_channel.credential_id = other.id
  where other.channel = p_channel.type and other.status <> 'disconnected' and other.id <> p_channel.credential_id
    and case p_channel.type
          when 'google_calendar' then coalesce(other_channel.display_name = p_channel.display_name, true)
          else other.external_business_id = p_account_id end
$$;
call app.guard_function('app.siblings_of(public.marketing_channels, text)');

create or replace function public.disconnect_channel(
  p_professional_id uuid, p_channel_id uuid, p_actor_id uuid, p_reason text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  failed constant integer := app.fail_waiting_sends(p_professional_id, p_channel_id);
  channel public.marketing_channels;
  account_id text;
  siblings integer;
begin
  select external_business_id into account_id
  from public.marketing_channel_credentials
  where id = (select credential_id from public.marketing_channels
              where id = p_channel_id and professional_id = p_professional_id);
  perform pg_advisory_xact_lock(hashtextextended('account:' || coalesce(account_id, 'google_calendar'), 0));
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  siblings := app.siblings_of(channel, account_id);
  if channel.status = 'disconnected' then
    return jsonb_build_object('outcome', 'unchanged', 'siblings', siblings);
  end if;
  update public.marketing_channels set status = 'disconnected', test_nonce = null where id = channel.id;
  perform app.erase_secrets(channel.credential_id, p_reason);
  perform app.resolve_channel_alerts(channel);
  perform app.audit(p_professional_id, 'channel', channel.id, 'channel.disconnected', p_actor_id,
                    jsonb_build_object('reason', p_reason, 'waiting_messages_failed', failed));
  return jsonb_build_object('outcome', 'disconnected', 'siblings', siblings);
end
$$;

-- meta_user_id is whoever gave the token that is stored: the earlier one's callbacks are not about it any more.
create or replace function app.put_credential(p_professional_id uuid, p_account jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  given constant public.marketing_channel_credentials :=
    jsonb_populate_record(null::public.marketing_channel_credentials, p_account);
begin
  insert into public.marketing_channel_credentials as known
    (id, professional_id, channel, external_business_id, phone_number_id, meta_user_id, access_token_encrypted,
     refresh_token_encrypted, registration_pin_encrypted, token_kind, token_issued_at, token_checked_at,
     token_expires_at, data_access_expires_at, scopes, ai_persona, status)
  values (
    (p_account ->> 'credential_id')::uuid, p_professional_id, given.channel, given.external_business_id,
    given.phone_number_id, given.meta_user_id, given.access_token_encrypted, given.refresh_token_encrypted,
    given.registration_pin_encrypted, given.token_kind, given.token_issued_at, now(), given.token_expires_at,
    given.data_access_expires_at, given.scopes,
    coalesce((select ai_persona from public.marketing_channel_credentials
              where professional_id = p_professional_id and channel = given.channel
              order by created_at desc, id limit 1), '{}'),
    'connected')
  on conflict (id) do update
  set external_business_id = excluded.external_business_id,
      phone_number_id = excluded.phone_number_id,
      meta_user_id = excluded.meta_user_id,
      access_token_encrypted = excluded.access_token_encrypted,
      refresh_token_encrypted = coalesce(excluded.refresh_token_encrypted, known.refresh_token_encrypted),
      registration_pin_encrypted = coalesce(excluded.registration_pin_encrypted, known.registration_pin_encrypted),
      token_kind = excluded.token_kind,
      token_issued_at = excluded.token_issued_at,
      token_refreshed_at = null,
      token_checked_at = excluded.token_checked_at,
      token_expires_at = excluded.token_expires_at,
      data_access_expires_at = excluded.data_access_expires_at,
      scopes = excluded.scopes,
      status = 'connected',
      status_reason = null
  where known.professional_id = excluded.professional_id and known.channel = excluded.channel;
  if not found then
    raise unique_violation using message = 'another account has this credential';
  end if;
end
$$;
