-- Reminders of appointments: which are due, where each is sent, and that it was. Sending goes through the gate.

-- Another time is another appointment to remind of, whoever moved it, and nobody has confirmed that one yet.
create function app.forget_reminder() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.reminded_at := null;
  new.confirmed_at := null;
  return new;
end
$$;
create trigger forget_reminder before update of starts_at on public.appointments
for each row when (old.starts_at is distinct from new.starts_at) execute function app.forget_reminder();

create index appointments_reminder_idx on public.appointments (starts_at, id)
  where status = 'booked' and reminded_at is null;

-- The WhatsApp number that a professional's own messages leave by: the first that was linked and works.
create function app.own_number(p_professional_id uuid) returns uuid
language sql stable set search_path = '' as $$
  select channel.id
  from public.marketing_channels channel
  where channel.professional_id = p_professional_id and channel.type = 'whatsapp' and channel.status = 'connected'
  order by channel.created_at, channel.id
  limit 1
$$;
call app.guard_function('app.own_number(uuid)');

-- Where whoever has the appointment is written to: in the chat it was booked in, else where that patient wrote last; and
-- sooner in another chat of theirs than to a number that somebody else may have now, which the gate keeps reminders from.
create function app.conversation_to_remind(p_appointment public.appointments) returns uuid
language sql stable set search_path = '' as $$
  select conversation.id
  from public.marketing_conversations conversation
  join public.marketing_channels channel on channel.id = conversation.channel_id
  where conversation.professional_id = p_appointment.professional_id
    and conversation.merged_into_id is null
    and channel.type = 'whatsapp' and channel.status = 'connected'
    and (conversation.id = app.live_conversation(p_appointment.conversation_id)
         or conversation.patient_id = p_appointment.patient_id)
  order by conversation.phone_unverified_at is not null,
           conversation.id = app.live_conversation(p_appointment.conversation_id) desc nulls last,
           conversation.last_inbound_at desc nulls last, conversation.id
  limit 1
$$;
call app.guard_function('app.conversation_to_remind(public.appointments)');

-- Whether a patient who has no chat may be written to. The gate asks again; asked here, no chat is begun for nothing.
create function app.patient_allows_care(p_professional_id uuid, p_patient_id uuid) returns boolean
language sql stable set search_path = '' as $$
  select coalesce((
    select action = 'granted' from public.marketing_consent_events
    where professional_id = p_professional_id and patient_id = p_patient_id and scope = 'care'
    order by sequence desc limit 1), false)
$$;
call app.guard_function('app.patient_allows_care(uuid, uuid)');

-- How near its appointment a reminder still helps.
create function app.latest_reminder(p_starts_at timestamptz, p_hours integer) returns timestamptz
language sql immutable parallel safe set search_path = '' as $$
  select p_starts_at - least(interval '2 hours', make_interval(hours => p_hours) / 2)
$$;
call app.guard_function('app.latest_reminder(timestamptz, integer)');

-- When the reminder of an appointment becomes due: so many hours before, also at night, after which it arrives at nine
-- (dentalist.domain.reminders); but the evening before, where nine is too late for the first appointments of a day.
create function app.reminder_time(p_starts_at timestamptz, p_hours integer, p_timezone text) returns timestamptz
language sql stable parallel safe set search_path = '' as $$
  select case
    when wanted::time >= '09:00' and wanted::time < '20:00' then wanted at time zone p_timezone
    -- Runs are an hour apart.
    when (morning + interval '1 hour') at time zone p_timezone < app.latest_reminder(p_starts_at, p_hours)
      then wanted at time zone p_timezone
    else (morning - interval '14 hours') at time zone p_timezone
  end
  from (select (p_starts_at - make_interval(hours => p_hours)) at time zone p_timezone as wanted) as local
  cross join lateral (
    select date_trunc('day', wanted + case when wanted::time < '09:00' then interval '0' else interval '1 day' end)
      + interval '9 hours' as morning) as next
$$;
call app.guard_function('app.reminder_time(timestamptz, integer, text)');

-- dentalist.domain.reminders.DueReminder, as a list in the order of time, from after the last one of the page before.
-- p_at: the moment that this run stands for. Not due are those that were made or moved when the reminder's time had
-- come already, those that start in less than two hours (or in less than half of what the clinic wants, where that is
-- less), and those that were confirmed.
create function public.due_reminders(
  p_at timestamptz, p_limit integer, p_after_starts_at timestamptz default null, p_after_id uuid default null
) returns jsonb
language sql stable security invoker set search_path = '' as $$
  with due as (
    select appointment
    from public.appointments appointment
    join public.professionals professional on professional.id = appointment.professional_id
    where appointment.status = 'booked' and appointment.reminded_at is null and appointment.confirmed_at is null
      and professional.marketing_enabled
      and appointment.starts_at > p_at and appointment.starts_at <= p_at + interval '4 days'  -- 72 hours and a night
      and app.latest_reminder(appointment.starts_at, app.policy(professional.policies, 'reminder_hours')) > p_at
      and app.reminder_time(
        appointment.starts_at, app.policy(professional.policies, 'reminder_hours'), professional.timezone) <= p_at
      and greatest(appointment.created_at, appointment.chat_changed_at) < app.reminder_time(
        appointment.starts_at, app.policy(professional.policies, 'reminder_hours'), professional.timezone)
      and (p_after_id is null or (appointment.starts_at, appointment.id) > (p_after_starts_at, p_after_id))
    order by appointment.starts_at, appointment.id
    limit p_limit
  ), placed as (
    select (appointment).*, app.conversation_to_remind(appointment) as found from due
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'appointment_id', placed.id, 'professional_id', placed.professional_id, 'starts_at', placed.starts_at,
    'attendee_name', placed.attendee_name, 'patient_name', patient.full_name,
    'contact_name', case when not conversation.name_from_phone_app then conversation.contact_name end,
    'conversation_id', conversation.id,
    'channel_id', coalesce(conversation.channel_id, app.own_number(placed.professional_id)),
    'phone', case when app.patient_allows_care(placed.professional_id, placed.patient_id) then patient.phone end,
    'clinic_name', professional.name, 'timezone', professional.timezone, 'country', professional.country)
    order by placed.starts_at, placed.id), '[]')
  from placed
  join public.professionals professional on professional.id = placed.professional_id
  left join public.patients patient
    on patient.id = placed.patient_id and patient.professional_id = placed.professional_id
  left join public.marketing_conversations conversation on conversation.id = placed.found
$$;
call app.guard_function('public.due_reminders(timestamptz, integer, timestamptz, uuid)');

-- The reminder of this time left (or never will): it is not due again. One that was moved meanwhile is, at its new time.
create function public.note_reminder(
  p_professional_id uuid, p_appointment_id uuid, p_starts_at timestamptz, p_outcome text, p_message_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  update public.appointments set reminded_at = clock_timestamp()
  where id = p_appointment_id and professional_id = p_professional_id and starts_at = p_starts_at
    and reminded_at is null;
  if not found then
    return jsonb_build_object('outcome', 'unchanged');
  end if;
  perform app.audit(p_professional_id, 'appointment', p_appointment_id, 'appointment.reminded', null,
                    jsonb_build_object('outcome', p_outcome, 'message_id', p_message_id));
  return jsonb_build_object('outcome', 'noted');
end
$$;
call app.guard_function('public.note_reminder(uuid, uuid, timestamptz, text, uuid)');

-- Why no reminder leaves, told once to somebody who can change it.
create function public.alert_reminders(p_professional_id uuid, p_reason text) returns jsonb
language sql security invoker set search_path = '' as $$
  select jsonb_build_object('alert_id', app.raise_alert(
    p_professional_id, 'reminders_blocked', 'warning',
    'Los recordatorios de turnos no salen: falta que Meta apruebe la plantilla. Revisala en Plantillas.',
    'professional', p_professional_id, 'reminders_blocked:' || p_reason))
$$;
call app.guard_function('public.alert_reminders(uuid, text)');
