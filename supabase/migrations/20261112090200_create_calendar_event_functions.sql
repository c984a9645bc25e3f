-- Appointments become events of the linked Google calendar. Claimed with a lease, written outside of any transaction,
-- settled by compare-and-swap: what changed meanwhile stays due.

-- How long until a failed write is tried again: 5 minutes, then twice as long each time, at most 6 hours.
create function app.calendar_delay(p_attempts integer) returns interval
language sql immutable parallel safe set search_path = '' as $$
  select least(interval '5 minutes' * power(2, least(greatest(p_attempts, 1) - 1, 10)), interval '6 hours')
$$;
call app.guard_function('app.calendar_delay(integer)');

create function app.calendar_failures_told() returns integer
language sql immutable parallel safe set search_path = '' as $$ select 5 $$;
call app.guard_function('app.calendar_failures_told()');

-- Appointments to write (future ones) and events to take away (cancelled ones that may have been written). Several
-- workers at once get different ones. Counted as an attempt now, so that a worker that dies is one too.
create function app.claim_appointments(
  p_professional_id uuid, p_limit integer, p_lease_seconds integer, p_appointment_id uuid
) returns jsonb
language sql set search_path = '' as $$
  with due as (
    select id from public.appointments
    where professional_id = p_professional_id and calendar_sync_at is null
      and (p_appointment_id is null or id = p_appointment_id)
      and (calendar_retry_at is null or calendar_retry_at <= now())
      and ends_at > now()
      and (status = 'booked' or (status = 'cancelled' and calendar_event_id is not null))
    order by starts_at, id limit p_limit
    for no key update skip locked
  ), claimed as (
    update public.appointments claimed
    set calendar_event_id = app.calendar_event_id(claimed.professional_id, claimed.id),
        calendar_attempts = claimed.calendar_attempts + 1,
        calendar_retry_at = now() + make_interval(secs => p_lease_seconds)
    from due where claimed.id = due.id
    returning claimed.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'appointment_id', claimed.id, 'event_id', claimed.calendar_event_id, 'etag', claimed.calendar_etag,
    'revision', claimed.calendar_revision,
    'action', case claimed.status when 'booked' then 'put' else 'remove' end,
    'starts_at', claimed.starts_at, 'ends_at', claimed.ends_at, 'reason', claimed.reason,
    'attendee_name', coalesce(claimed.attendee_name, patient.full_name)) order by claimed.starts_at, claimed.id), '[]')
  from claimed
  left join public.patients patient
    on patient.id = claimed.patient_id and patient.professional_id = claimed.professional_id
$$;
call app.guard_function('app.claim_appointments(uuid, integer, integer, uuid)');

create function app.claim_removals(p_professional_id uuid, p_limit integer, p_lease_seconds integer) returns jsonb
language sql set search_path = '' as $$
  with due as (
    select event_id from public.calendar_removals
    where professional_id = p_professional_id and (retry_at is null or retry_at <= now())
    order by created_at, event_id limit p_limit
    for no key update skip locked
  ), claimed as (
    update public.calendar_removals claimed
    set attempts = claimed.attempts + 1, retry_at = now() + make_interval(secs => p_lease_seconds)
    from due where claimed.professional_id = p_professional_id and claimed.event_id = due.event_id
    returning claimed.event_id
  )
  select coalesce(jsonb_agg(jsonb_build_object('event_id', event_id, 'action', 'remove') order by event_id), '[]')
  from claimed
$$;
call app.guard_function('app.claim_removals(uuid, integer, integer)');

-- dentalist.domain.calendars.DueEvent, as a list; those of one appointment, or all that are due.
create function public.claim_calendar_events(
  p_professional_id uuid, p_limit integer, p_lease_seconds integer, p_appointment_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  events jsonb := app.claim_appointments(p_professional_id, p_limit, p_lease_seconds, p_appointment_id);
begin
  if p_appointment_id is null and jsonb_array_length(events) < p_limit then
    events := events || app.claim_removals(p_professional_id, p_limit - jsonb_array_length(events), p_lease_seconds);
  end if;
  return events;
end
$$;
call app.guard_function('public.claim_calendar_events(uuid, integer, integer, uuid)');

create function app.settle_removal(p_professional_id uuid, p_event_id text, p_outcome text) returns jsonb
language plpgsql set search_path = '' as $$
begin
  if p_outcome = 'done' then
    delete from public.calendar_removals where professional_id = p_professional_id and event_id = p_event_id;
  else
    update public.calendar_removals
    set attempts = attempts - case p_outcome when 'released' then 1 else 0 end,
        retry_at = case p_outcome when 'released' then null else now() + app.calendar_delay(attempts) end
    where professional_id = p_professional_id and event_id = p_event_id;
  end if;
  return jsonb_build_object('outcome', case when found then 'settled' else 'changed' end);
end
$$;
call app.guard_function('app.settle_removal(uuid, text, text)');

create function app.tell_unwritten(p_appointment public.appointments) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_appointment.professional_id, 'calendar_sync_failed', 'warning',
    'Un turno no se pudo escribir en tu Google Calendar después de varios intentos. En la agenda está bien: anotalo o '
      || 'corregilo a mano en el calendario.',
    'appointment', p_appointment.id, 'calendar_sync_failed:' || p_appointment.id)
$$;
call app.guard_function('app.tell_unwritten(public.appointments)');

-- What became of a claimed event: done (with its etag; none once removed), failed (tried again, later each time), or
-- released (not tried). "changed": the appointment is not what was written any more, and is written once more, also where
-- an event may have come after its removal.
create function public.settle_calendar_event(
  p_professional_id uuid, p_appointment_id uuid, p_event_id text, p_revision integer, p_outcome text,
  p_etag text default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  appointment public.appointments;
begin
  if p_appointment_id is null then
    return app.settle_removal(p_professional_id, p_event_id, p_outcome);
  end if;
  select * into appointment from public.appointments
  where id = p_appointment_id and professional_id = p_professional_id for no key update;
  if not found then  -- deleted while its event was written
    if p_outcome = 'done' then
      insert into public.calendar_removals (professional_id, event_id) values (p_professional_id, p_event_id)
      on conflict do nothing;
    end if;
    return jsonb_build_object('outcome', 'changed');
  elsif appointment.calendar_revision <> p_revision then
    if p_outcome = 'done' then
      update public.appointments
      set calendar_etag = coalesce(p_etag, calendar_etag), calendar_sync_at = null, calendar_retry_at = null
      where id = appointment.id;
    end if;
    return jsonb_build_object('outcome', 'changed');
  elsif appointment.calendar_sync_at is not null then  -- another worker came first, after our lease
    return jsonb_build_object('outcome', 'changed');
  end if;
  update public.appointments
  set calendar_sync_at = case p_outcome when 'done' then clock_timestamp() end,
      calendar_etag = case p_outcome when 'done' then p_etag else calendar_etag end,
      calendar_attempts = case p_outcome when 'done' then 0 when 'released' then greatest(calendar_attempts - 1, 0)
                                         else calendar_attempts end,
      calendar_retry_at = case p_outcome when 'failed' then now() + app.calendar_delay(calendar_attempts) end
  where id = appointment.id;
  if p_outcome = 'failed' and appointment.calendar_attempts = app.calendar_failures_told() then
    perform app.tell_unwritten(appointment);
  elsif p_outcome = 'done' then
    update public.marketing_alerts set acknowledged_at = now()
    where professional_id = p_professional_id and dedup_key = 'calendar_sync_failed:' || appointment.id
      and acknowledged_at is null;
  end if;
  return jsonb_build_object('outcome', 'settled');
end
$$;
call app.guard_function('public.settle_calendar_event(uuid, uuid, text, integer, text, text)');
