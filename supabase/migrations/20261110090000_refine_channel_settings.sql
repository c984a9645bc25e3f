-- What a channel's owner sees and sets, in two things more exactly: whether a template is really the one that a feature
-- needs, and how a setting is taken away again.

-- A clinic may have had a template of its own under the same name: by its variables it is told from ours, whose
-- variables have names. The text of those that cannot be ours stays away from the list of channels.
create or replace function app.channel_row(
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

-- Only the keys that p_changes has. Settings are merged, and one that is null there is taken away; a persona is replaced.
-- A channel that was taken off has nothing to set: a key stored there would outlive the erasure.
create or replace function public.update_channel(
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

-- A clinic with two numbers has to know which of them the warning is about.
create or replace function app.warn_of_usage(p_usage public.marketing_channel_usage) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_usage.professional_id, 'service_messages', threshold.severity,
    format('El número %s ya usó %s de los %s mensajes de servicio gratuitos de este mes (%s %%). ',
           coalesce(channel.display_phone_number, channel.display_name, 'de WhatsApp'), p_usage.service_messages,
           app.free_service_messages(), threshold.percent)
    || case when threshold.percent < 100 then 'Después de esos, Meta puede cobrarlos.'
            else 'Desde ahora Meta puede cobrarlos: revisá el medio de pago en Meta.' end,
    'channel', p_usage.channel_id,
    concat_ws(':', 'service_messages', p_usage.channel_id, to_char(p_usage.month, 'YYYY-MM'), threshold.percent))
  from (values (70, 'info'), (90, 'warning'), (100, 'critical')) as threshold (percent, severity)
  join public.marketing_channels channel on channel.id = p_usage.channel_id
  where p_usage.service_messages = ceil(app.free_service_messages() * threshold.percent / 100.0)
$$;
call app.guard_function('app.warn_of_usage(public.marketing_channel_usage)');
