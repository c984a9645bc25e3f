-- Changes that the clinic makes in Google reach the agenda: read from a token on, one reader per calendar.

-- Calendars whose turn it is, each under a lease; p_channel_id: only that one, and at once. As the answer
-- [{"lease_id", "account", "sync_token", "seen_at", "timezone", "settings"}]; sync_token null: read from the start.
create function public.claim_calendar_syncs(
  p_limit integer, p_lease_seconds integer, p_channel_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  claimed jsonb;
begin
  insert into public.calendar_syncs (channel_id, professional_id, linked_at)
  select id, professional_id, linked_at from public.marketing_channels linked
  where type = 'google_calendar' and status = 'connected' and (p_channel_id is null or id = p_channel_id)
    and not exists (select from public.calendar_syncs where channel_id = linked.id)
  on conflict do nothing;

  with due as (
    select sync.channel_id, linked.linked_at
    from public.calendar_syncs sync
    join public.marketing_channels linked on linked.id = sync.channel_id
    join public.professionals professional on professional.id = sync.professional_id
    where linked.status = 'connected' and professional.marketing_enabled
      and (p_channel_id is null or sync.channel_id = p_channel_id)
      and (p_channel_id is not null or sync.next_sync_at <= now() or linked.linked_at <> sync.linked_at)
      and (sync.lease_until is null or sync.lease_until <= now())
    order by sync.next_sync_at, sync.channel_id limit p_limit
    for no key update of sync skip locked
  ), taken as (
    update public.calendar_syncs sync
    set lease_id = gen_random_uuid(), lease_until = now() + make_interval(secs => p_lease_seconds),
        sync_token = case when sync.linked_at = due.linked_at then sync.sync_token end, linked_at = due.linked_at
    from due where sync.channel_id = due.channel_id
    returning sync.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'lease_id', taken.lease_id, 'sync_token', taken.sync_token, 'seen_at', clock_timestamp(),
    'account', app.linked_account(credential, linked), 'timezone', professional.timezone,
    'settings', linked.settings) order by taken.next_sync_at, taken.channel_id), '[]')
  into claimed
  from taken
  join public.marketing_channels linked on linked.id = taken.channel_id
  join public.marketing_channel_credentials credential on credential.id = linked.credential_id
  join public.professionals professional on professional.id = taken.professional_id;
  return claimed;
end
$$;
call app.guard_function('public.claim_calendar_syncs(integer, integer, uuid)');

-- Ends a turn. p_sync_token: where the next one begins, null leaves it where it is. p_error: a word; the next turn comes
-- later each time. A calendar whose account is dead has an alert of its own.
create function public.finish_calendar_sync(
  p_professional_id uuid, p_channel_id uuid, p_lease_id uuid, p_sync_token text, p_error text default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  sync public.calendar_syncs;
  alert_key constant text := 'calendar_unreachable:' || p_channel_id;
begin
  update public.calendar_syncs
  set lease_id = null, lease_until = null, sync_token = coalesce(p_sync_token, sync_token),
      synced_at = case when p_error is null then now() else synced_at end,
      failures = case when p_error is null then 0 else failures + 1 end,
      -- A little less than the schedule's five minutes, so that no turn is left out for being a second early.
      next_sync_at = now() + case when p_error is null then interval '4 minutes 30 seconds'
                                  else app.calendar_delay(failures + 1) - interval '30 seconds' end
  where channel_id = p_channel_id and professional_id = p_professional_id and lease_id = p_lease_id
  returning * into sync;
  if not found then
    return jsonb_build_object('outcome', 'lost');
  elsif sync.failures = app.calendar_failures_told() then
    perform app.raise_alert(
      p_professional_id, 'calendar_unreachable', 'warning',
      'Hace rato que no podemos leer ni escribir tu Google Calendar. Mientras tanto el asistente no reserva turnos por '
        || 'su cuenta y los cambios que hagas ahí no llegan a la agenda. Tocá «Probar» en Canales para ver el motivo.',
      'channel', p_channel_id, alert_key);
  elsif sync.failures = 0 then
    update public.marketing_alerts set acknowledged_at = now()
    where professional_id = p_professional_id and dedup_key = alert_key and acknowledged_at is null;
  end if;
  return jsonb_build_object('outcome', 'finished');
end
$$;
call app.guard_function('public.finish_calendar_sync(uuid, uuid, uuid, text, text)');

-- An alert about an appointment leads to its conversation, where the patient can be told. Never says whose it is.
create function app.tell_calendar_change(p_appointment public.appointments, p_kind text, p_message text) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_appointment.professional_id, p_kind, 'warning',
    format(p_message, to_char(p_appointment.starts_at at time zone professional.timezone, 'DD/MM HH24:MI')),
    case when p_appointment.conversation_id is null then 'appointment' else 'conversation' end,
    coalesce(p_appointment.conversation_id, p_appointment.id),
    concat_ws(':', p_kind, p_appointment.id, p_appointment.calendar_revision))
  from public.professionals professional where id = p_appointment.professional_id
$$;
call app.guard_function('app.tell_calendar_change(public.appointments, text, text)');

create function app.cancel_from_calendar(p_appointment public.appointments) returns void
language plpgsql set search_path = '' as $$
begin
  update public.appointments set status = 'cancelled' where id = p_appointment.id;
  perform app.audit(p_appointment.professional_id, 'appointment', p_appointment.id, 'appointment.cancelled', null,
                    jsonb_build_object('source', 'google_calendar'));
  perform app.tell_calendar_change(
    p_appointment, 'cancelled_in_calendar',
    'Borraste de Google Calendar el turno del %s y quedó cancelado en la agenda. Avisale al paciente.');
end
$$;
call app.guard_function('app.cancel_from_calendar(public.appointments)');

-- Answers moved, conflict (told, the agenda stays as it was) or pending (somebody holds that time at the moment).
create function app.move_from_calendar(
  p_appointment public.appointments, p_starts_at timestamptz, p_ends_at timestamptz
) returns text
language plpgsql set search_path = '' as $$
declare
  taken constant tstzrange := case when p_starts_at < p_ends_at then tstzrange(p_starts_at, p_ends_at, '[)') end;
begin
  if taken is not null and p_ends_at > now() then
    delete from public.appointments
    where professional_id = p_appointment.professional_id and status = 'held'
      and hold_expires_at <= clock_timestamp() and tstzrange(starts_at, ends_at, '[)') && taken;
    begin
      update public.appointments set starts_at = p_starts_at, ends_at = p_ends_at where id = p_appointment.id;
      perform app.audit(
        p_appointment.professional_id, 'appointment', p_appointment.id, 'appointment.moved', null,
        jsonb_build_object('source', 'google_calendar', 'from', p_appointment.starts_at, 'to', p_starts_at));
      perform app.tell_calendar_change(
        p_appointment, 'moved_in_calendar',
        'Moviste en Google Calendar el turno del %s y la agenda tomó el horario nuevo. Avisale al paciente.');
      return 'moved';
    exception when exclusion_violation then
      if exists (
        select from public.appointments
        where professional_id = p_appointment.professional_id and status = 'held'
          and tstzrange(starts_at, ends_at, '[)') && taken and id <> p_appointment.id) then
        return 'pending';
      end if;
    end;
  end if;
  perform app.tell_calendar_change(
    p_appointment, 'calendar_conflict',
    'Moviste en Google Calendar el turno del %s a un horario que no se puede tomar. En la agenda sigue como estaba: '
      || 'volvé a moverlo o cambialo en la agenda.');
  return 'conflict';
end
$$;
call app.guard_function('app.move_from_calendar(public.appointments, timestamptz, timestamptz)');

-- One event as it was seen in Google, not before p_seen_at. Without times: all day long. The outcome is cancelled, moved,
-- conflict, unchanged, foreign, or pending: something of ours is not written yet, or was written since; look again.
create function public.apply_calendar_change(
  p_professional_id uuid, p_event_id text, p_cancelled boolean, p_starts_at timestamptz, p_ends_at timestamptz,
  p_seen_at timestamptz
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  appointment public.appointments;
begin
  select * into appointment from public.appointments
  where professional_id = p_professional_id and calendar_event_id = p_event_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'foreign');
  elsif appointment.status <> 'booked' or appointment.ends_at <= now() then
    return jsonb_build_object('outcome', 'unchanged');
  elsif appointment.calendar_sync_at is null or appointment.calendar_sync_at >= p_seen_at then
    return jsonb_build_object('outcome', 'pending');
  elsif p_cancelled then
    perform app.cancel_from_calendar(appointment);
    return jsonb_build_object('outcome', 'cancelled');
  elsif p_starts_at = date_trunc('second', appointment.starts_at)
    and p_ends_at = date_trunc('second', appointment.ends_at) then
    return jsonb_build_object('outcome', 'unchanged');
  end if;
  return jsonb_build_object('outcome', app.move_from_calendar(appointment, p_starts_at, p_ends_at));
end
$$;
call app.guard_function('public.apply_calendar_change(uuid, text, boolean, timestamptz, timestamptz, timestamptz)');

-- After a calendar was read from its start: what it should show and does not is written again. It may be another calendar
-- than before; a deletion is only believed where Google says so.
create function public.rewrite_missing_events(
  p_professional_id uuid, p_event_ids jsonb, p_seen_at timestamptz
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  missing integer;
begin
  update public.appointments
  set calendar_sync_at = null, calendar_etag = null, calendar_retry_at = null
  where professional_id = p_professional_id and status = 'booked' and starts_at > now()
    and calendar_event_id is not null and calendar_sync_at < p_seen_at and calendar_event_id <> all (app.text_array(p_event_ids));
  get diagnostics missing = row_count;
  return jsonb_build_object('missing', missing);
end
$$;
call app.guard_function('public.rewrite_missing_events(uuid, jsonb, timestamptz)');
