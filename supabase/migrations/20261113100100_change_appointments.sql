-- What a contact changes in the chat: an appointment is moved, cancelled, confirmed. Only one of this conversation or of
-- its patient, and not from a phone that somebody else may have now.

-- Why an appointment cannot be changed here: unverified, not_found, cancelled or past; null when it can.
create function app.appointment_obstacle(
  p_conversation public.marketing_conversations, p_appointment public.appointments
) returns text
language sql volatile set search_path = '' as $$
  select case
    when p_conversation.phone_unverified_at is not null then 'unverified'
    when p_appointment.id is null then 'not_found'
    when p_appointment.status = 'cancelled' then 'cancelled'
    when p_appointment.status <> 'booked' or p_appointment.starts_at <= clock_timestamp() then 'past'
  end
$$;
call app.guard_function('app.appointment_obstacle(public.marketing_conversations, public.appointments)');

-- A line for the reception: the audit row, and a notice with the times alone. p_after null: cancelled.
create function app.tell_chat_change(
  p_conversation public.marketing_conversations, p_before public.appointments, p_after public.appointments,
  p_source text
) returns void
language plpgsql volatile set search_path = '' as $$
declare
  timezone constant text := (select p.timezone from public.professionals p where p.id = p_before.professional_id);
  old_time constant text := to_char(p_before.starts_at at time zone timezone, 'DD/MM HH24:MI');
  new_time constant text := to_char(p_after.starts_at at time zone timezone, 'DD/MM HH24:MI');
begin
  perform app.audit(
    p_before.professional_id, 'appointment', p_before.id,
    case when p_after.id is null then 'appointment.cancelled' else 'appointment.moved' end, null,
    jsonb_strip_nulls(jsonb_build_object(
      'conversation_id', p_conversation.id, 'source', p_source, 'offer_id', p_after.offer_id,
      'from', p_before.starts_at, 'to', p_after.starts_at)));
  perform app.raise_alert(
    p_before.professional_id, 'appointment_changed', 'info',
    case when p_after.id is null
      then format('Cancelaron por chat el turno del %s. El horario quedó libre.', old_time)
      else format('Cambiaron por chat el turno del %s al %s.', old_time, new_time) end,
    'conversation', p_conversation.id);
end
$$;
call app.guard_function(
  'app.tell_chat_change(public.marketing_conversations, public.appointments, public.appointments, text)');

create function public.cancel_appointment(
  p_professional_id uuid, p_conversation_id uuid, p_appointment_id uuid, p_source text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  before public.appointments := app.find_own_appointment(conversation, p_appointment_id);
  obstacle constant text := app.appointment_obstacle(conversation, before);
  cancelled public.appointments;
begin
  if obstacle = 'cancelled' then  -- asked again, or somebody else did it
    return app.appointments_answer('cancelled', array[before]);
  elsif obstacle is not null then
    return jsonb_build_object('outcome', obstacle);
  end if;
  update public.appointments
  set status = 'cancelled', chat_change = 'cancelled', chat_changed_at = clock_timestamp()
  where id = before.id
  returning * into cancelled;
  perform app.tell_chat_change(conversation, before, null, p_source);
  return app.appointments_answer('cancelled', array[cancelled]);
end
$$;
call app.guard_function('public.cancel_appointment(uuid, uuid, uuid, text)');

create function public.confirm_appointment(
  p_professional_id uuid, p_conversation_id uuid, p_appointment_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  appointment public.appointments := app.find_own_appointment(conversation, p_appointment_id);
  obstacle constant text := app.appointment_obstacle(conversation, appointment);
begin
  if obstacle = 'cancelled' then
    return app.appointments_answer('cancelled', array[appointment]);
  elsif obstacle is not null then
    return jsonb_build_object('outcome', obstacle);
  elsif appointment.confirmed_at is null then
    update public.appointments set confirmed_at = clock_timestamp() where id = appointment.id returning * into appointment;
    perform app.audit(p_professional_id, 'appointment', appointment.id, 'appointment.confirmed', null,
                      jsonb_build_object('conversation_id', conversation.id));
  end if;
  return app.appointments_answer('confirmed', array[appointment]);
end
$$;
call app.guard_function('public.confirm_appointment(uuid, uuid, uuid)');

-- Whom it is for, corrected: a record stays only where it is that person's.
create function public.name_attendee(
  p_professional_id uuid, p_conversation_id uuid, p_appointment_id uuid, p_attendee_name text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  appointment public.appointments := app.find_own_appointment(conversation, p_appointment_id);
  obstacle constant text := app.appointment_obstacle(conversation, appointment);
begin
  if obstacle is not null then
    return jsonb_build_object('outcome', obstacle);
  elsif appointment.attendee_name is distinct from p_attendee_name then
    update public.appointments
    set attendee_name = p_attendee_name, patient_id = app.patient_who_comes(conversation, p_attendee_name)
    where id = appointment.id
    returning * into appointment;
    perform app.audit(p_professional_id, 'appointment', appointment.id, 'appointment.renamed', null,
                      jsonb_build_object('conversation_id', conversation.id));
  end if;
  return app.appointments_answer('named', array[appointment]);
end
$$;
call app.guard_function('public.name_attendee(uuid, uuid, uuid, text)');

-- ---- moving: the same appointment at another time, so that its id, its calendar event and its history stay -----------

-- The appointment that an offer moves, and why it cannot: one of the obstacles above, or expired.
create function app.move_obstacle(
  p_conversation public.marketing_conversations, p_offer public.marketing_slot_offers, p_appointment public.appointments
) returns text
language sql volatile set search_path = '' as $$
  select case app.appointment_obstacle(p_conversation, p_appointment)
    when 'unverified' then 'unverified'
    when 'not_found' then 'not_found'
    when 'past' then 'past'
    when 'cancelled' then 'expired'
    else case when not app.is_offer_open(p_offer) and not exists (
      select from public.appointments hold
      where hold.professional_id = p_offer.professional_id and hold.offer_id = p_offer.id and app.is_hold_alive(hold)
    ) then 'expired' end
  end
$$;
call app.guard_function(
  'app.move_obstacle(public.marketing_conversations, public.marketing_slot_offers, public.appointments)');

-- Keeps what the new time needs besides the old one, which the appointment itself keeps free.
create function app.hold_move(
  p_conversation public.marketing_conversations, p_offer public.marketing_slot_offers
) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  appointment public.appointments := app.find_own_appointment(p_conversation, p_offer.moves_appointment_id);
  obstacle text;
  own constant tstzrange := tstzrange(appointment.starts_at, appointment.ends_at, '[)');
  pieces tstzrange[];
  held integer;
begin
  if appointment.status = 'booked' and appointment.offer_id = p_offer.id
    and p_conversation.phone_unverified_at is null then  -- moved already
    return app.appointments_answer('held', array[appointment]);
  end if;
  obstacle := app.move_obstacle(p_conversation, p_offer, appointment);
  if obstacle is not null then
    return jsonb_build_object('outcome', obstacle);
  end if;
  pieces := array(select unnest(
    tstzmultirange(tstzrange(p_offer.starts_at, p_offer.ends_at, '[)')) - tstzmultirange(own)));
  if not exists (select from public.appointments hold
                 where hold.professional_id = p_offer.professional_id and hold.offer_id = p_offer.id
                   and app.is_hold_alive(hold)) then
    perform app.make_room(p_conversation, array[p_offer], '{}');
    insert into public.appointments
      (professional_id, conversation_id, starts_at, ends_at, status, source, offer_id, hold_expires_at)
    select p_offer.professional_id, p_conversation.id, lower(piece), upper(piece), 'held', 'assistant',
           case when number = 1 then p_offer.id end, clock_timestamp() + interval '10 minutes'
    from unnest(pieces) with ordinality as needed (piece, number)
    on conflict do nothing;
    get diagnostics held = row_count;
    if held < cardinality(pieces) then
      delete from public.appointments where conversation_id = p_conversation.id and status = 'held';
      return jsonb_build_object('outcome', 'taken');
    end if;
  end if;
  appointment.starts_at := p_offer.starts_at;
  appointment.ends_at := p_offer.ends_at;
  appointment.status := 'held';
  return app.appointments_answer('held', array[appointment])
    || jsonb_build_object('frees', jsonb_build_object('starts_at', lower(own), 'ends_at', upper(own)));
end
$$;
call app.guard_function('app.hold_move(public.marketing_conversations, public.marketing_slot_offers)');

create function app.move_appointment(
  p_conversation public.marketing_conversations, p_offer public.marketing_slot_offers, p_source text
) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  before constant public.appointments := app.find_own_appointment(p_conversation, p_offer.moves_appointment_id);
  moved public.appointments;
  obstacle text;
begin
  if before.status = 'booked' and before.offer_id = p_offer.id and p_conversation.phone_unverified_at is null then
    return app.appointments_answer('moved', array[before]);
  end if;
  obstacle := app.move_obstacle(p_conversation, p_offer, before);
  if obstacle is not null then
    return jsonb_build_object('outcome', obstacle);
  end if;
  begin
    perform app.make_room(p_conversation, array[p_offer], '{}');
    -- Who said that they come, or was reminded, was so of another time.
    update public.appointments
    set starts_at = p_offer.starts_at, ends_at = p_offer.ends_at, reason = coalesce(p_offer.reason, reason),
        offer_id = p_offer.id, confirmed_at = null, reminded_at = null,
        chat_change = 'moved', chat_changed_at = clock_timestamp()
    where id = before.id
    returning * into moved;
  exception when exclusion_violation then
    return jsonb_build_object('outcome', 'taken');
  end;
  perform app.withdraw_offers(p_conversation.id);
  perform app.tell_chat_change(p_conversation, before, moved, p_source);
  return app.appointments_answer('moved', array[moved]);
end
$$;
call app.guard_function('app.move_appointment(public.marketing_conversations, public.marketing_slot_offers, text)');
