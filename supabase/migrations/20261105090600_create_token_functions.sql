-- Looking after the tokens of linked accounts. Secrets are not in any answer: who needs one reads its row.

-- dentalist.domain.accounts.LinkedAccount
create function app.linked_account(
  p_credential public.marketing_channel_credentials, p_channel public.marketing_channels
) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'credential_id', p_credential.id, 'channel_id', p_channel.id, 'professional_id', p_credential.professional_id,
    'channel', p_credential.channel, 'status', p_channel.status, 'status_reason', p_credential.status_reason,
    'linked_at', p_channel.linked_at,
    'external_business_id', p_credential.external_business_id, 'phone_number_id', p_credential.phone_number_id,
    'display_phone_number', p_channel.display_phone_number, 'token_kind', p_credential.token_kind,
    'token_issued_at', p_credential.token_issued_at, 'token_expires_at', p_credential.token_expires_at,
    'data_access_expires_at', p_credential.data_access_expires_at,
    'has_refresh_token', p_credential.refresh_token_encrypted is not null, 'scopes', to_jsonb(p_credential.scopes),
    'on_phone_app', p_channel.on_phone_app)
$$;
call app.guard_function('app.linked_account(public.marketing_channel_credentials, public.marketing_channels)');

create function public.linked_account(p_professional_id uuid, p_channel_id uuid) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select app.linked_account(credential, linked)
  from public.marketing_channels linked
  join public.marketing_channel_credentials credential on credential.id = linked.credential_id
  where linked.id = p_channel_id and linked.professional_id = p_professional_id
$$;
call app.guard_function('public.linked_account(uuid, uuid)');

-- A page of the accounts worth a look: all that work, and those that can work again without anybody logging in. The rest
-- waits for its owner.
create function public.credentials_to_look_after(p_limit integer, p_after uuid default null) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(account order by credential_id), '[]')
  from (
    select app.linked_account(credential, linked) as account, credential.id as credential_id
    from public.marketing_channel_credentials credential
    join public.marketing_channels linked on linked.credential_id = credential.id
    where (p_after is null or credential.id > p_after) and credential.access_token_encrypted is not null
      and (credential.status in ('connected', 'pending', 'restricted')
           or (credential.status = 'reauth_required' and credential.status_reason in (
             'checkpoint', 'permission', 'scope_missing', 'not_registered', 'not_subscribed')))
    order by credential.id
    limit p_limit
  ) as page
$$;
call app.guard_function('public.credentials_to_look_after(integer, uuid)');

create function app.text_array(p_list jsonb) returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select case when jsonb_typeof(p_list) = 'array' then array(select jsonb_array_elements_text(p_list)) end
$$;
call app.guard_function('app.text_array(jsonb)');

-- Puts a proven new token in the place of the one it was made from. Changed: another came first, or the account went.
create function public.replace_token(
  p_professional_id uuid, p_credential_id uuid, p_expected text, p_token jsonb, p_now timestamptz
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  update public.marketing_channel_credentials
  set access_token_encrypted = p_token ->> 'access_token_encrypted',
      refresh_token_encrypted = coalesce(p_token ->> 'refresh_token_encrypted', refresh_token_encrypted),
      token_issued_at = coalesce((p_token ->> 'token_issued_at')::timestamptz, p_now),
      token_expires_at = (p_token ->> 'token_expires_at')::timestamptz,
      data_access_expires_at = case when p_token ? 'data_access_expires_at'
        then (p_token ->> 'data_access_expires_at')::timestamptz else data_access_expires_at end,
      scopes = coalesce(app.text_array(p_token -> 'scopes'), scopes),
      token_refreshed_at = p_now,
      token_checked_at = p_now
  where id = p_credential_id and professional_id = p_professional_id and access_token_encrypted = p_expected
    and p_token ->> 'access_token_encrypted' is not null;
  if not found then
    return jsonb_build_object('outcome', 'changed');
  end if;
  perform app.audit(p_professional_id, 'channel', id, 'channel.token_refreshed')
  from public.marketing_channels where credential_id = p_credential_id;
  return jsonb_build_object('outcome', 'replaced');
end
$$;
call app.guard_function('public.replace_token(uuid, uuid, text, jsonb, timestamptz)');

-- What a look at the account told. Of names and ratings nothing told is nothing new; an expiry that is told as null is
-- a token that never expires.
create function public.record_check(
  p_professional_id uuid, p_credential_id uuid, p_facts jsonb, p_now timestamptz, p_linked_at timestamptz default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
begin
  -- The channel first: whoever marks or disconnects it takes the rows in this order.
  select * into channel from public.marketing_channels
  where credential_id = p_credential_id and professional_id = p_professional_id and status <> 'disconnected'
  for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  elsif p_linked_at <> channel.linked_at then
    return jsonb_build_object('outcome', 'changed');
  end if;
  update public.marketing_channels
  set quality_rating = coalesce(p_facts ->> 'quality_rating', quality_rating),
      messaging_limit = coalesce(p_facts ->> 'messaging_limit', messaging_limit),
      display_name = coalesce(p_facts ->> 'display_name', display_name),
      display_phone_number = coalesce(p_facts ->> 'display_phone_number', display_phone_number),
      throughput_per_second = coalesce((p_facts ->> 'throughput_per_second')::integer, throughput_per_second),
      on_phone_app = coalesce((p_facts ->> 'on_phone_app')::boolean, on_phone_app)
  where id = channel.id;
  update public.marketing_channel_credentials
  set token_checked_at = p_now,
      token_expires_at = case when p_facts ? 'token_expires_at'
        then (p_facts ->> 'token_expires_at')::timestamptz else token_expires_at end,
      data_access_expires_at = case when p_facts ? 'data_access_expires_at'
        then (p_facts ->> 'data_access_expires_at')::timestamptz else data_access_expires_at end,
      scopes = coalesce(app.text_array(p_facts -> 'scopes'), scopes)
  where id = p_credential_id;
  return jsonb_build_object('outcome', 'recorded');
end
$$;
call app.guard_function('public.record_check(uuid, uuid, jsonb, timestamptz, timestamptz)');
