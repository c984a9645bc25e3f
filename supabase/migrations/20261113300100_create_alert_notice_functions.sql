-- Sending the notices of critical alerts: which are due, to whom, and what became of each. A worker that dies is replaced
-- when its lease ends: somebody told twice is better off than somebody not told.

-- Begins the rounds whose time has come. What a former round could not send until now is given up: this one says it.
create function app.begin_notice_rounds(p_limit integer) returns void
language plpgsql set search_path = '' as $$
declare
  alert public.marketing_alerts;
begin
  for alert in
    select * from public.marketing_alerts
    where acknowledged_at is null and notices_left > 0 and notice_at <= now()
    order by notice_at, id limit p_limit
    for no key update skip locked
  loop
    update public.marketing_alert_deliveries
    set status = 'failed', reason = coalesce(reason, 'superseded')
    where alert_id = alert.id and status = 'pending' and (lease_until is null or lease_until <= now());
    insert into public.marketing_alert_deliveries (professional_id, alert_id, medium, round)
    select alert.professional_id, alert.id, medium, alert.notices + 1 from unnest(array['email', 'whatsapp']) as medium;
    update public.marketing_alerts
    set notices = alert.notices + 1, notices_left = alert.notices_left - 1,
        notice_at = now() + app.notice_pause(alert.notices_left - 1, alert.entity_type)
    where id = alert.id;
  end loop;
end
$$;
call app.guard_function('app.begin_notice_rounds(integer)');

-- The numbers that a notice may leave by, each with what Meta has approved there. A number that the alert is about comes
-- last: it may be the one that does not work.
create function app.notice_numbers(p_alert public.marketing_alerts) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'channel_id', channel.id, 'credential_id', credential.id, 'phone_number_id', credential.phone_number_id,
    'display_phone_number', channel.display_phone_number,
    'templates', (select coalesce(jsonb_agg(to_jsonb(template)), '[]') from public.marketing_templates template
                  where template.channel_id = channel.id and template.name = 'urgent_notice'
                    and template.status = 'APPROVED'))
    order by channel.id is not distinct from p_alert.entity_id, channel.created_at, channel.id), '[]')
  from public.marketing_channels channel
  join public.marketing_channel_credentials credential on credential.id = channel.credential_id
  where channel.professional_id = p_alert.professional_id and channel.type = 'whatsapp'
    and channel.status = 'connected' and credential.status = 'connected'
$$;
call app.guard_function('app.notice_numbers(public.marketing_alerts)');

create function app.notice_as_json(p_delivery public.marketing_alert_deliveries) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'delivery_id', p_delivery.id, 'lease_id', p_delivery.lease_id, 'medium', p_delivery.medium,
    'attempts', p_delivery.attempts, 'is_last', alert.notices_left = 0,
    'alert', to_jsonb(alert),
    'professional', jsonb_build_object(
      'id', professional.id, 'name', professional.name, 'email', professional.email,
      'alert_phone', professional.alert_phone, 'timezone', professional.timezone, 'country', professional.country),
    'numbers', app.notice_numbers(alert))
  from public.marketing_alerts alert
  join public.professionals professional on professional.id = alert.professional_id
  where alert.id = p_delivery.alert_id
$$;
call app.guard_function('app.notice_as_json(public.marketing_alert_deliveries)');

-- Notices to send now, each under a lease, those about people before those about accounts. The shape of each:
-- app.notice_as_json.
create function public.claim_alert_notices(p_limit integer, p_lease_seconds integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  claimed jsonb;
begin
  perform app.begin_notice_rounds(p_limit);
  update public.marketing_alert_deliveries delivery set status = 'stopped'
  from public.marketing_alerts alert
  where alert.id = delivery.alert_id and alert.acknowledged_at is not null and delivery.status = 'pending'
    and (delivery.lease_until is null or delivery.lease_until <= now());
  with due as (
    select delivery.id
    from public.marketing_alert_deliveries delivery
    join public.marketing_alerts alert on alert.id = delivery.alert_id
    where delivery.status = 'pending' and delivery.next_attempt_at <= now()
      and (delivery.lease_until is null or delivery.lease_until <= now())
    order by alert.entity_type is distinct from 'conversation', delivery.next_attempt_at, delivery.id
    limit p_limit
    for no key update of delivery skip locked
  ), taken as (
    update public.marketing_alert_deliveries delivery
    set lease_id = gen_random_uuid(), lease_until = now() + make_interval(secs => p_lease_seconds),
        attempts = delivery.attempts + 1
    from due where delivery.id = due.id
    returning delivery.*
  )
  select coalesce(jsonb_agg(app.notice_as_json(row(taken.*)::public.marketing_alert_deliveries)), '[]') into claimed
  from taken;
  return claimed;
end
$$;
call app.guard_function('public.claim_alert_notices(integer, integer)');

-- What became of a claimed notice. p_outcome: sent, unknown (the answer was lost: it may have arrived, the next round says
-- it again), failed (for good), skipped (there is no way), or later: it is tried again, unless the next round has begun or
-- it is six hours old. What Meta has already told of it (app.note_notice_status) stays.
create function public.settle_alert_notice(
  p_delivery_id uuid, p_lease_id uuid, p_outcome text, p_reason text default null, p_external_id text default null,
  p_channel_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  delivery public.marketing_alert_deliveries;
  new_status text := p_outcome;
begin
  select * into delivery from public.marketing_alert_deliveries
  where id = p_delivery_id and lease_id = p_lease_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'lost');
  end if;
  if p_outcome = 'later' then
    new_status := case
      when delivery.created_at < now() - interval '6 hours' or exists (
        select from public.marketing_alert_deliveries
        where alert_id = delivery.alert_id and medium = delivery.medium and round > delivery.round)
      then 'failed' else 'pending' end;
  end if;
  update public.marketing_alert_deliveries
  set status = case when status = 'pending' then new_status else status end,
      reason = case when status = 'pending' then p_reason else reason end,
      external_id = coalesce(external_id, p_external_id),
      channel_id = coalesce(p_channel_id, channel_id),
      sent_at = case when p_outcome in ('sent', 'unknown') then coalesce(sent_at, now()) else sent_at end,
      next_attempt_at = now() + make_interval(secs => least(20 * 2 ^ (least(attempts, 10) - 1), 300)),
      lease_id = null, lease_until = null
  where id = delivery.id
  returning status into new_status;
  return jsonb_build_object('outcome', 'settled', 'status', new_status);
end
$$;
call app.guard_function('public.settle_alert_notice(uuid, uuid, text, text, text, uuid)');

-- Whether the worker has something to do: {"due": bool}.
create function public.alert_notices_due() returns jsonb
language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object('due',
    exists (select from public.marketing_alerts
            where acknowledged_at is null and notices_left > 0 and notice_at <= now())
    or exists (select from public.marketing_alert_deliveries
               where status = 'pending' and next_attempt_at <= now() and (lease_until is null or lease_until <= now())))
$$;
call app.guard_function('public.alert_notices_due()');

-- Meta tells what became of a WhatsApp notice as of every message; its reference is the delivery's id. A notice that could
-- not be delivered is seen in the log, and the next round goes out anyway.
create function app.note_notice_status() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.marketing_alert_deliveries
  set status = case when new.status = 'played' then 'read' else new.status end,
      external_id = coalesce(external_id, new.external_id),
      reason = case when new.status = 'failed' then coalesce(new.payload #>> '{errors,0,code}', 'failed') else reason end
  where id = new.reference::uuid and professional_id = new.professional_id and medium = 'whatsapp'
    and case new.status
      when 'sent' then status in ('pending', 'unknown')
      when 'delivered' then status in ('pending', 'unknown', 'sent', 'failed')
      when 'read' then status <> 'read'
      when 'played' then status <> 'read'
      when 'failed' then status in ('pending', 'unknown', 'sent')
      else false
    end;
  return null;
end
$$;
call app.guard_function('app.note_notice_status()');
create trigger note_notice_status after insert on public.message_status_events
  for each row when (new.reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
  execute function app.note_notice_status();
