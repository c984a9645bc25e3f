-- Whether a channel works, why it does not, and what its owner is told: one status, one cause and one open alert at a
-- time.

-- Acknowledges, in nobody's name, what is no longer so. p_kinds null: every kind.
create function app.resolve_channel_alerts(
  p_channel public.marketing_channels, p_kinds text[] default null, p_but_key text default null
) returns void
language sql set search_path = '' as $$
  update public.marketing_alerts set acknowledged_at = now()
  where professional_id = p_channel.professional_id and entity_type = 'channel' and entity_id = p_channel.id
    and acknowledged_at is null and (p_kinds is null or kind = any (p_kinds))
    and dedup_key is distinct from p_but_key
$$;
call app.guard_function('app.resolve_channel_alerts(public.marketing_channels, text[], text)');

-- Both halves of an account and its alert. Healing is told by the alert going away.
create function app.put_channel_status(
  p_channel public.marketing_channels, p_status text, p_reason text, p_message text, p_severity text
) returns void
language plpgsql set search_path = '' as $$
declare
  alert_key constant text := concat_ws(':', 'channel_dead', p_channel.id, coalesce(p_reason, p_status));
begin
  update public.marketing_channels set status = p_status where id = p_channel.id;
  update public.marketing_channel_credentials set status = p_status, status_reason = p_reason
  where id = p_channel.credential_id;
  if p_status = 'connected' then
    perform app.resolve_channel_alerts(p_channel, array['channel_dead']);
    return;
  end if;
  perform app.resolve_channel_alerts(p_channel, array['channel_dead'], alert_key);
  perform app.raise_alert(p_channel.professional_id, 'channel_dead', p_severity, p_message, 'channel', p_channel.id,
                          alert_key);
end
$$;
call app.guard_function('app.put_channel_status(public.marketing_channels, text, text, text, text)');

-- A send or a check learned that a number can no longer be used, and why, or that it can again. Told again, it changes
-- nothing; what its owner took off stays off, whatever a late answer of Meta's says.
-- A look at an account takes seconds, and its owner may link it again meanwhile: a verdict that names the link it is about
-- (p_linked_at) changes nothing of a later one. Who names none means the link as it is.
drop function public.mark_channel(uuid, uuid, text, text);
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

-- Told once per key for good: a warning that was acknowledged does not come back the next day.
create function public.raise_channel_alert(
  p_professional_id uuid, p_channel_id uuid, p_kind text, p_severity text, p_message text, p_dedup_key text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  alert_id uuid;
begin
  perform from public.marketing_channels where id = p_channel_id and professional_id = p_professional_id;
  if found and not exists (
    select from public.marketing_alerts where professional_id = p_professional_id and dedup_key = p_dedup_key) then
    alert_id := app.raise_alert(p_professional_id, p_kind, p_severity, p_message, 'channel', p_channel_id, p_dedup_key);
  end if;
  return jsonb_build_object('raised', alert_id is not null);
end
$$;
call app.guard_function('public.raise_channel_alert(uuid, uuid, text, text, text, text)');

-- What Meta reports about an account is told in the sentences that a test of it tells (dentalist.domain.channel_health):
-- what happened, what to do, what does not work meanwhile. A table-driven test keeps both equal.
create function app.account_update_sentence(p_cause text) returns text
language sql immutable set search_path = '' as $$
  select case p_cause
    when 'restricted' then
      'Meta restringió tu número de WhatsApp y no deja enviar mensajes. Mirá el motivo en business.facebook.com, Calidad '
      'de la cuenta, y pedí ahí la revisión: cuando la levanten se reconecta sin que hagas nada.'
    else
      'Alguien quitó el acceso de esta aplicación en la configuración de Facebook, y tu número de WhatsApp quedó sin '
      'permiso. Si no fue a propósito, abrí Canales y tocá «Volver a vincular».'
  end || ' Mientras tanto no se envía ni se responde ningún mensaje.'
$$;
call app.guard_function('app.account_update_sentence(text)');

-- What Meta says about the account leads to the same causes as what a send or a check finds out. What its owner took off
-- stays off, also when the event had to wait for that.
create or replace function app.apply_account_update(p_channel public.marketing_channels, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  new_status constant text := app.status_after_account_update(p_channel, p_event);
  cause constant text := case new_status when 'restricted' then 'restricted' when 'reauth_required' then 'app_removed' end;
begin
  if p_channel.status = 'disconnected' then
    return;
  elsif new_status is not null then
    perform app.put_channel_status(
      p_channel, new_status, cause, app.account_update_sentence(cause), 'critical');
  elsif p_event ->> 'event' = 'ACCOUNT_VIOLATION'
    or p_event #>> '{value,ban_info,waba_ban_state}' = 'SCHEDULE_FOR_DISABLE' then
    perform app.raise_alert(
      p_channel.professional_id, 'account_warning', 'critical',
      'Meta advirtió sobre tu cuenta de WhatsApp y puede bloquearla. Mirá el motivo en business.facebook.com, Calidad de '
      'la cuenta, y corregilo o pedí ahí la revisión.',
      'channel', p_channel.id, 'account_warning:' || p_channel.id);
  end if;
end
$$;
