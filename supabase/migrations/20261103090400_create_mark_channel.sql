-- A send told that a number can no longer be used (its token died, Meta restricted it): everybody sees it at once, and
-- the owner is called. Told again, it changes nothing.
create function public.mark_channel(
  p_professional_id uuid, p_channel_id uuid, p_status text, p_reason text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
begin
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id for update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  elsif channel.status = p_status then
    return jsonb_build_object('outcome', 'unchanged', 'status', p_status);
  elsif channel.status = 'disconnected' then
    -- Its owner took it off; a late answer of Meta's does not bring it back.
    return jsonb_build_object('outcome', 'unchanged', 'status', channel.status);
  end if;
  update public.marketing_channels set status = p_status where id = channel.id;
  update public.marketing_channel_credentials set status = p_status, status_reason = p_reason
  where id = channel.credential_id;
  perform app.audit(p_professional_id, 'channel', channel.id, 'channel.status_changed', null,
                    jsonb_build_object('from', channel.status, 'to', p_status, 'reason', p_reason));
  if p_status <> 'connected' then
    perform app.raise_alert(
      p_professional_id, 'channel_dead', 'critical',
      'Una de tus cuentas dejó de funcionar y no puede enviar mensajes. Volvé a vincularla desde Canales.',
      'channel', channel.id, 'channel_dead:' || channel.id);
  end if;
  return jsonb_build_object('outcome', 'marked', 'status', p_status);
end
$$;
call app.guard_function('public.mark_channel(uuid, uuid, text, text)');
