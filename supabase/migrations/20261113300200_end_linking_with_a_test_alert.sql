-- Whether an emergency would reach somebody is known before there is one: linking a first WhatsApp number ends with a
-- test alert, told as a real one is, until somebody has seen to it. Once per professional.
create function app.raise_test_alert(p_professional_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.marketing_alerts where professional_id = p_professional_id and kind = 'test_alert') then
    return;
  end if;
  perform app.raise_alert(
    p_professional_id, 'test_alert', 'critical',
    'Aviso de prueba: por acá te va a llegar una urgencia. Marcalo como visto para confirmar que te llega.',
    'professional', p_professional_id, 'test_alert');
end
$$;
call app.guard_function('app.raise_test_alert(uuid)');

-- As before, and a number ends with the test alert.
create or replace function app.link_account(p_professional_id uuid, p_actor_id uuid, p_account jsonb) returns uuid
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
  if channel.type = 'whatsapp' then
    perform app.raise_test_alert(p_professional_id);
  end if;
  return channel.id;
end
$$;
