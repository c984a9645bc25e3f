-- Linking: which account is whose, and storing those whose access has been proven. Tokens arrive sealed for exactly the
-- row they will be in, so the caller asks for the places first.

-- Where one account is: {"availability": free | own | taken, "credential_id", "channel_id"}. Own is also an account that
-- was disconnected here; taken does not say by whom.
create function app.place_of(
  p_professional_id uuid, p_channel text, p_external_business_id text, p_phone_number_id text
) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  own record;
begin
  perform from public.marketing_channel_credentials
  where professional_id <> p_professional_id and channel = p_channel and status <> 'disconnected'
    and case p_channel when 'whatsapp' then phone_number_id = p_phone_number_id
                       else external_business_id = p_external_business_id end;
  if found then
    return jsonb_build_object('availability', 'taken', 'credential_id', null, 'channel_id', null);
  end if;
  select credential.id as credential_id, channel.id as channel_id into own
  from public.marketing_channel_credentials credential
  left join public.marketing_channels channel on channel.credential_id = credential.id
  where credential.professional_id = p_professional_id and credential.channel = p_channel
    and case p_channel when 'whatsapp' then credential.phone_number_id = p_phone_number_id
                       when 'google_calendar' then true  -- a professional has one
                       else credential.external_business_id = p_external_business_id end
  order by credential.status <> 'disconnected' desc, credential.updated_at desc, credential.id
  limit 1;
  return jsonb_build_object('availability', case when found then 'own' else 'free' end,
                            'credential_id', own.credential_id, 'channel_id', own.channel_id);
end
$$;
call app.guard_function('app.place_of(uuid, text, text, text)');

-- The places of several accounts, in their order.
create function public.find_links(p_professional_id uuid, p_channel text, p_accounts jsonb) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(
    app.place_of(p_professional_id, p_channel, account ->> 'external_business_id', account ->> 'phone_number_id')
    order by position), '[]')
  from jsonb_array_elements(p_accounts) with ordinality as asked (account, position)
$$;
call app.guard_function('public.find_links(uuid, text, jsonb)');

-- Null when every account is still where the caller was told; else taken, or changed: the caller asks again.
create function app.link_refusal(p_professional_id uuid, p_accounts jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  account jsonb;
  place jsonb;
  refusal text;
begin
  for account in select value from jsonb_array_elements(p_accounts) loop
    place := app.place_of(p_professional_id, account ->> 'channel', account ->> 'external_business_id',
                          account ->> 'phone_number_id');
    if place ->> 'availability' = 'taken' then
      return 'taken';
    elsif place ->> 'credential_id' is distinct from account ->> 'credential_id' and (
      place ->> 'availability' = 'own' or exists (
        select from public.marketing_channel_credentials where id = (account ->> 'credential_id')::uuid)) then
      refusal := 'changed';
    end if;
  end loop;
  return refusal;
end
$$;
call app.guard_function('app.link_refusal(uuid, jsonb)');

-- The secret half. A new number speaks as the professional's others do; one that comes back keeps what it was told.
-- meta_user_id is whoever gave the token that is stored: the earlier one's callbacks are not about it any more.
create function app.put_credential(p_professional_id uuid, p_account jsonb) returns void
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
call app.guard_function('app.put_credential(uuid, jsonb)');

-- The half the team sees. What the provider did not tell this time stays as it was.
create function app.put_channel(p_professional_id uuid, p_account jsonb) returns public.marketing_channels
language plpgsql set search_path = '' as $$
declare
  given constant public.marketing_channels := jsonb_populate_record(null::public.marketing_channels, p_account);
  channel public.marketing_channels;
begin
  insert into public.marketing_channels as known
    (professional_id, credential_id, type, status, display_name, display_phone_number, quality_rating, messaging_limit,
     throughput_per_second, on_phone_app)
  values (
    p_professional_id, given.credential_id, p_account ->> 'channel', 'connected', given.display_name,
    given.display_phone_number, given.quality_rating, given.messaging_limit, coalesce(given.throughput_per_second, 80),
    coalesce(given.on_phone_app, false))
  on conflict (credential_id) do update
  set status = 'connected',
      display_name = coalesce(excluded.display_name, known.display_name),
      display_phone_number = coalesce(excluded.display_phone_number, known.display_phone_number),
      quality_rating = coalesce(excluded.quality_rating, known.quality_rating),
      messaging_limit = coalesce(excluded.messaging_limit, known.messaging_limit),
      throughput_per_second = excluded.throughput_per_second,
      on_phone_app = excluded.on_phone_app,
      linked_at = now()
  returning * into channel;
  return channel;
end
$$;
call app.guard_function('app.put_channel(uuid, jsonb)');

-- What a new token cures is no longer to be alerted about. What concerns the account at Meta outlives it.
create function app.resolve_cured_alerts(p_channel public.marketing_channels) returns void
language sql set search_path = '' as $$
  select app.resolve_channel_alerts(p_channel, array_agg(distinct kind))
  from public.marketing_alerts
  where professional_id = p_channel.professional_id and entity_type = 'channel' and entity_id = p_channel.id
    and acknowledged_at is null
    and kind not in ('payment_problem', 'account_warning', 'service_messages', 'unanswered')
  having count(*) > 0
$$;
call app.guard_function('app.resolve_cured_alerts(public.marketing_channels)');

create function app.link_account(p_professional_id uuid, p_actor_id uuid, p_account jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  old_status constant text := (select status from public.marketing_channel_credentials
                               where id = (p_account ->> 'credential_id')::uuid);
  channel public.marketing_channels;
begin
  -- Whoever marks or disconnects a channel locks it before its credential.
  perform from public.marketing_channels where credential_id = (p_account ->> 'credential_id')::uuid for no key update;
  perform app.put_credential(p_professional_id, p_account);
  channel := app.put_channel(p_professional_id, p_account);
  perform app.resolve_cured_alerts(channel);
  perform app.audit(
    p_professional_id, 'channel', channel.id,
    case when old_status is null then 'channel.linked' else 'channel.relinked' end, p_actor_id,
    jsonb_strip_nulls(jsonb_build_object('type', channel.type, 'from', old_status)));
  return channel.id;
end
$$;
call app.guard_function('app.link_account(uuid, uuid, jsonb)');

-- Stores proven accounts, all or none; dentalist.storage gives each as {"credential_id", "channel", …}. They are taken in
-- the order of their ids at the provider: two callers with the same accounts wait for each other, never crosswise.
create function public.link_accounts(p_professional_id uuid, p_actor_id uuid, p_accounts jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  refusal text := app.link_refusal(p_professional_id, p_accounts);
  linked jsonb := '{}';
  asked record;
begin
  if refusal is not null then
    return jsonb_build_object('outcome', refusal);
  end if;
  perform app.owe_after_outage(array(
    select channel.id
    from jsonb_array_elements(p_accounts) as given (account)
    join public.marketing_channels channel on channel.credential_id = (given.account ->> 'credential_id')::uuid
    where channel.professional_id = p_professional_id));
  for asked in
    select account, position from jsonb_array_elements(p_accounts) with ordinality as given (account, position)
    order by account ->> 'channel', account ->> 'phone_number_id', account ->> 'external_business_id'
  loop
    linked := linked || jsonb_build_object(asked.position, app.link_account(p_professional_id, p_actor_id, asked.account));
  end loop;
  return jsonb_build_object(
    'outcome', 'linked',
    'channel_ids', (select coalesce(jsonb_agg(value order by key::integer), '[]') from jsonb_each(linked)));
exception when unique_violation then
  -- Somebody linked one of them a moment before; all of ours is undone.
  return jsonb_build_object('outcome', coalesce(app.link_refusal(p_professional_id, p_accounts), 'changed'));
end
$$;
call app.guard_function('public.link_accounts(uuid, uuid, jsonb)');
