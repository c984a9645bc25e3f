-- A look at an account takes seconds, and its owner may link it again meanwhile: a verdict that names the link it is about
-- (linked_at) changes nothing of a later one. Who names none means the link as it is.

create or replace function app.linked_account(
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

drop function public.mark_channel(uuid, uuid, text, text, text, text);
create function public.mark_channel(
  p_professional_id uuid, p_channel_id uuid, p_status text, p_reason text,
  p_message text default null, p_severity text default 'critical', p_linked_at timestamptz default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  reason constant text := case when p_status <> 'connected' then p_reason end;
  channel public.marketing_channels;
  old_reason text;
begin
  if p_status = 'connected' then
    perform app.owe_after_outage(array(
      select id from public.marketing_channels
      where id = p_channel_id and professional_id = p_professional_id and status not in ('connected', 'disconnected')));
  end if;
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  elsif p_linked_at <> channel.linked_at then
    return jsonb_build_object('outcome', 'changed', 'status', channel.status);
  end if;
  select status_reason into old_reason from public.marketing_channel_credentials where id = channel.credential_id;
  if channel.status = 'disconnected' or (channel.status = p_status and old_reason is not distinct from reason) then
    return jsonb_build_object('outcome', 'unchanged', 'status', channel.status);
  end if;
  perform app.put_channel_status(
    channel, p_status, reason,
    coalesce(p_message,
             'Una de tus cuentas dejó de funcionar y no puede enviar mensajes. Volvé a vincularla desde Canales.'),
    p_severity);
  perform app.audit(p_professional_id, 'channel', channel.id, 'channel.status_changed', null,
                    jsonb_build_object('from', channel.status, 'to', p_status, 'reason', reason));
  return jsonb_build_object('outcome', 'marked', 'status', p_status);
end
$$;
call app.guard_function('public.mark_channel(uuid, uuid, text, text, text, text, timestamptz)');

drop function public.record_check(uuid, uuid, jsonb, timestamptz);
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
