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

-- What its owner took off stays off, also when the event had to wait for that.
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

create or replace function app.alert_left_unanswered(p_channel public.marketing_channels, p_count integer) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_channel.professional_id, 'unanswered', 'info',
    case p_count
      when 1 then 'Mientras la cuenta no funcionaba quedó una conversación sin responder. Mirala en Conversaciones.'
      else format('Mientras la cuenta no funcionaba quedaron %s conversaciones sin responder. Miralas en Conversaciones.',
                  p_count)
    end,
    'channel', p_channel.id, 'unanswered:' || p_channel.id)
$$;
