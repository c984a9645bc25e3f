-- What the channels page shows and what it changes. Whether somebody may see a part is decided by the API: here is all
-- but the secrets.

-- A clinic may have had a template of its own under the same name: by its variables it is told from ours, whose
-- variables have names. The text of those that cannot be ours stays away from the list of channels.
create function app.channel_row(
  p_channel public.marketing_channels, p_credential public.marketing_channel_credentials, p_month date
) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', p_channel.id, 'type', p_channel.type, 'status', p_channel.status,
    'status_reason', p_credential.status_reason, 'ai_enabled', p_channel.ai_enabled, 'ai_mode', p_channel.ai_mode,
    'ai_persona', p_credential.ai_persona, 'ai_provider', p_credential.ai_provider, 'ai_model', p_credential.ai_model,
    'has_own_key', p_credential.ai_api_key_encrypted is not null, 'settings', p_channel.settings,
    'display_name', p_channel.display_name, 'display_phone_number', p_channel.display_phone_number,
    'phone_number_id', p_credential.phone_number_id, 'external_business_id', p_credential.external_business_id,
    'quality_rating', p_channel.quality_rating, 'messaging_limit', p_channel.messaging_limit,
    'throughput_per_second', p_channel.throughput_per_second, 'on_phone_app', p_channel.on_phone_app,
    'token_kind', p_credential.token_kind, 'token_expires_at', p_credential.token_expires_at,
    'data_access_expires_at', p_credential.data_access_expires_at, 'token_checked_at', p_credential.token_checked_at,
    'scopes', to_jsonb(p_credential.scopes), 'payment_problem_at', p_channel.payment_problem_at,
    'tested_at', p_channel.tested_at, 'linked_at', p_channel.linked_at,
    'usage', jsonb_build_object(
      'month', to_char(p_month, 'YYYY-MM'), 'free', app.free_service_messages(),
      'service_messages', coalesce((
        select service_messages from public.marketing_channel_usage
        where channel_id = p_channel.id and month = p_month), 0)),
    'templates', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', name, 'language', language, 'status', status, 'rejection_reason', rejection_reason,
        'parameter_format', parameter_format,
        'components', case when parameter_format = 'NAMED' then components else '[]' end)
        order by name, language), '[]')
      from public.marketing_templates where channel_id = p_channel.id))
$$;
call app.guard_function('app.channel_row(public.marketing_channels, public.marketing_channel_credentials, date)');

-- Every channel of a professional, the oldest first, also those that were taken off.
create function public.channel_overview(p_professional_id uuid) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(
    app.channel_row(linked, credential, app.month_of(p_professional_id, now()))
    order by linked.created_at, linked.id), '[]')
  from public.marketing_channels linked
  join public.marketing_channel_credentials credential on credential.id = linked.credential_id
  where linked.professional_id = p_professional_id
$$;
call app.guard_function('public.channel_overview(uuid)');

-- The settings that may be changed, as they are.
create function app.channel_settings(
  p_channel public.marketing_channels, p_credential public.marketing_channel_credentials
) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object(
    'ai_enabled', p_channel.ai_enabled, 'ai_mode', p_channel.ai_mode, 'settings', p_channel.settings,
    'ai_persona', p_credential.ai_persona, 'ai_provider', p_credential.ai_provider, 'ai_model', p_credential.ai_model)
$$;
call app.guard_function('app.channel_settings(public.marketing_channels, public.marketing_channel_credentials)');

-- What changed, before and after. Of an own key only that one was set or erased.
create function app.audit_settings(
  p_channel public.marketing_channels, p_actor_id uuid, p_before jsonb, p_after jsonb, p_key text
) returns void
language plpgsql set search_path = '' as $$
declare
  changed constant jsonb := (
    select jsonb_object_agg(key, jsonb_build_object('before', p_before -> key, 'after', value))
    from jsonb_each(p_after) where value <> p_before -> key);
begin
  if changed is null and p_key is null then
    return;
  end if;
  perform app.audit(
    p_channel.professional_id, 'channel', p_channel.id, 'channel.updated', p_actor_id,
    coalesce(changed, '{}') || jsonb_strip_nulls(jsonb_build_object('ai_api_key', p_key)));
end
$$;
call app.guard_function('app.audit_settings(public.marketing_channels, uuid, jsonb, jsonb, text)');

-- Only the keys that p_changes has. Settings are merged, and one that is null there is taken away; a persona is replaced.
-- A channel that was taken off has nothing to set: a key stored there would outlive the erasure.
create function public.update_channel(
  p_professional_id uuid, p_channel_id uuid, p_actor_id uuid, p_changes jsonb
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
  credential public.marketing_channel_credentials;
  settings_changed constant jsonb := coalesce(nullif(p_changes -> 'settings', 'null'), '{}');
  before jsonb;
  key_change text;
begin
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id and status <> 'disconnected' for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into credential from public.marketing_channel_credentials where id = channel.credential_id
  for no key update;
  before := app.channel_settings(channel, credential);
  if p_changes ->> 'ai_api_key_encrypted' is not null then
    key_change := 'set';
  elsif p_changes ? 'ai_api_key_encrypted' and credential.ai_api_key_encrypted is not null then
    key_change := 'erased';
  end if;

  update public.marketing_channels
  set ai_enabled = case when p_changes ? 'ai_enabled' then (p_changes ->> 'ai_enabled')::boolean else ai_enabled end,
      ai_mode = case when p_changes ? 'ai_mode' then p_changes ->> 'ai_mode' else ai_mode end,
      settings = (settings || settings_changed)
        - array(select key from jsonb_each(settings_changed) where value = 'null')
  where id = channel.id
  returning * into channel;
  update public.marketing_channel_credentials
  set ai_persona = case when p_changes ? 'ai_persona'
        then coalesce(nullif(p_changes -> 'ai_persona', 'null'), '{}') else ai_persona end,
      ai_provider = case when p_changes ? 'ai_provider' then p_changes ->> 'ai_provider' else ai_provider end,
      ai_model = case when p_changes ? 'ai_model' then p_changes ->> 'ai_model' else ai_model end,
      ai_api_key_encrypted = case when p_changes ? 'ai_api_key_encrypted'
        then p_changes ->> 'ai_api_key_encrypted' else ai_api_key_encrypted end
  where id = credential.id
  returning * into credential;
  perform app.audit_settings(channel, p_actor_id, before, app.channel_settings(channel, credential), key_change);
  return jsonb_build_object(
    'outcome', 'updated',
    'channel', app.channel_row(channel, credential, app.month_of(p_professional_id, now())));
end
$$;
call app.guard_function('public.update_channel(uuid, uuid, uuid, jsonb)');
