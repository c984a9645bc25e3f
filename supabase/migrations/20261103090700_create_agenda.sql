-- Slots offered in a chat: offered, held while the contact decides, booked. The constraint appointments_no_overlap
-- decides who gets a slot; these functions only ask it. Two patients may be offered the same slot, one books it.

create function public.busy_intervals(p_professional_id uuid, p_from timestamptz, p_to timestamptz) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('starts_at', starts_at, 'ends_at', ends_at) order by starts_at), '[]')
  from public.appointments
  where professional_id = p_professional_id
    and tstzrange(starts_at, ends_at, '[)') && tstzrange(p_from, p_to, '[)')
    and (status = 'booked' or (status = 'held' and hold_expires_at > now()))
$$;
call app.guard_function('public.busy_intervals(uuid, timestamptz, timestamptz)');

-- What no longer holds: offers that were replaced or have led to a booking, and the holds made on them.
create function app.withdraw_offers(p_conversation_id uuid) returns void
language sql set search_path = '' as $$
  delete from public.appointments where conversation_id = p_conversation_id and status = 'held';
  update public.marketing_slot_offers set withdrawn_at = clock_timestamp()
  where conversation_id = p_conversation_id and withdrawn_at is null;
$$;
call app.guard_function('app.withdraw_offers(uuid)');

-- Issues an id per slot, in the order given. Earlier offers of the conversation end: a contact chooses from the last
-- list they saw.
create function public.create_offers(
  p_professional_id uuid, p_conversation_id uuid, p_slots jsonb, p_ttl_seconds integer
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  v_batch_id constant uuid := gen_random_uuid();
  offer public.marketing_slot_offers;
  slot jsonb;
  offers jsonb := '[]';
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.withdraw_offers(conversation.id);
  for slot in select value from jsonb_array_elements(p_slots) with ordinality order by ordinality loop
    insert into public.marketing_slot_offers
      (professional_id, conversation_id, batch_id, starts_at, ends_at, reason, attendee_name, expires_at)
    values
      (p_professional_id, conversation.id, v_batch_id, (slot ->> 'starts_at')::timestamptz,
       (slot ->> 'ends_at')::timestamptz, slot ->> 'reason', slot ->> 'attendee_name',
       clock_timestamp() + make_interval(secs => p_ttl_seconds))
    returning * into offer;
    offers := offers || to_jsonb(offer);
  end loop;
  return jsonb_build_object('outcome', 'offered', 'batch_id', v_batch_id, 'offers', offers);
end
$$;
call app.guard_function('public.create_offers(uuid, uuid, jsonb, integer)');

-- An offer of this conversation. Another conversation's does not exist here: its id books nothing elsewhere.
create function app.find_offer(p_conversation_id uuid, p_offer_id uuid) returns public.marketing_slot_offers
language sql stable set search_path = '' as $$
  select offer from public.marketing_slot_offers offer where id = p_offer_id and conversation_id = p_conversation_id
$$;
call app.guard_function('app.find_offer(uuid, uuid)');

create function app.is_offer_open(p_offer public.marketing_slot_offers) returns boolean
language sql volatile set search_path = '' as $$
  select p_offer.withdrawn_at is null
    and clock_timestamp() < p_offer.expires_at
    and clock_timestamp() < p_offer.starts_at
$$;
call app.guard_function('app.is_offer_open(public.marketing_slot_offers)');

-- Makes room: what the contact held before, and holds of others that nobody confirmed in time. All of it in one
-- statement and in the order of the ids, so that two who want overlapping slots wait for each other and never deadlock.
create function app.clear_holds(
  p_conversation public.marketing_conversations, p_from timestamptz, p_to timestamptz
) returns void
language sql set search_path = '' as $$
  with stale as (
    select id from public.appointments
    where professional_id = p_conversation.professional_id
      and status = 'held'
      and (conversation_id = p_conversation.id
           or (hold_expires_at <= clock_timestamp()
               and tstzrange(starts_at, ends_at, '[)') && tstzrange(p_from, p_to, '[)')))
    order by id
    for update
  )
  delete from public.appointments where id in (select id from stale)
$$;
call app.guard_function('app.clear_holds(public.marketing_conversations, timestamptz, timestamptz)');

-- The appointment of an offer, held or booked at once; all null when somebody else has the time. `on conflict do
-- nothing` asks the constraint without an exception, and without the deadlock two plain inserts can run into.
create function app.take_slot(
  p_conversation public.marketing_conversations, p_offer public.marketing_slot_offers, p_status text, p_source text
) returns public.appointments
language plpgsql set search_path = '' as $$
declare
  appointment public.appointments;
begin
  perform app.clear_holds(p_conversation, p_offer.starts_at, p_offer.ends_at);
  insert into public.appointments
    (professional_id, patient_id, conversation_id, attendee_name, starts_at, ends_at, reason, status, source, offer_id,
     hold_expires_at)
  values
    (p_offer.professional_id, p_conversation.patient_id, p_conversation.id, p_offer.attendee_name, p_offer.starts_at,
     p_offer.ends_at, p_offer.reason, p_status, p_source, p_offer.id,
     case when p_status = 'held' then clock_timestamp() + interval '10 minutes' end)
  on conflict do nothing
  returning * into appointment;
  return appointment;
end
$$;
call app.guard_function(
  'app.take_slot(public.marketing_conversations, public.marketing_slot_offers, text, text)');

create function app.appointment_answer(p_outcome text, p_appointment public.appointments) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('outcome', p_outcome, 'appointment_id', p_appointment.id,
                            'appointment', to_jsonb(p_appointment))
$$;
call app.guard_function('app.appointment_answer(text, public.appointments)');

create function app.is_hold_alive(p_appointment public.appointments) returns boolean
language sql volatile set search_path = '' as $$
  select coalesce(p_appointment.status = 'held' and p_appointment.hold_expires_at > clock_timestamp(), false)
$$;
call app.guard_function('app.is_hold_alive(public.appointments)');

-- Keeps an offered slot free of others for ten minutes; a contact holds one slot at a time. Asked again it answers the
-- same hold, which is not prolonged; one that ran out begins anew while the offer stands.
create function public.hold_slot(p_professional_id uuid, p_conversation_id uuid, p_offer_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  offer public.marketing_slot_offers := app.find_offer(conversation.id, p_offer_id);
  appointment public.appointments;
begin
  if offer.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into appointment from public.appointments
  where professional_id = p_professional_id and offer_id = offer.id for update;
  if appointment.status = 'booked' or app.is_hold_alive(appointment) then  -- a second tap
    return app.appointment_answer('held', appointment);
  elsif not app.is_offer_open(offer) then
    return jsonb_build_object('outcome', 'expired');
  elsif appointment.status = 'held' then
    update public.appointments set hold_expires_at = clock_timestamp() + interval '10 minutes'
    where id = appointment.id returning * into appointment;
    return app.appointment_answer('held', appointment);
  elsif appointment.id is not null then  -- booked once and cancelled since: the offer is used up
    return jsonb_build_object('outcome', 'expired');
  end if;

  appointment := app.take_slot(conversation, offer, 'held', 'assistant');
  if appointment.id is null then
    return jsonb_build_object('outcome', 'taken');
  end if;
  return app.appointment_answer('held', appointment);
end
$$;
call app.guard_function('public.hold_slot(uuid, uuid, uuid)');

-- More future appointments than this in one chat are a mistake or a prank; a person books the next.
create function app.has_too_many_appointments(p_conversation_id uuid) returns boolean
language sql stable set search_path = '' as $$
  select count(*) >= 3 from public.appointments
  where conversation_id = p_conversation_id and status = 'booked' and starts_at > now()
$$;
call app.guard_function('app.has_too_many_appointments(uuid)');

create function app.confirm_booking(
  p_appointment public.appointments, p_attendee_name text, p_source text
) returns public.appointments
language plpgsql set search_path = '' as $$
declare
  booked public.appointments;
begin
  -- calendar_sync_at stays null: the calendar event is made from this row, and waits until it is.
  update public.appointments
  set status = 'booked', hold_expires_at = null, source = p_source,
      attendee_name = coalesce(p_attendee_name, attendee_name)
  where id = p_appointment.id
  returning * into booked;
  perform app.withdraw_offers(booked.conversation_id);
  perform app.audit(booked.professional_id, 'appointment', booked.id, 'appointment.booked', null,
                    jsonb_build_object('conversation_id', booked.conversation_id, 'offer_id', booked.offer_id));
  return booked;
end
$$;
call app.guard_function('app.confirm_booking(public.appointments, text, text)');

-- Books an offered slot, held before or not; asked again it answers the same appointment. A hold that is alive is a
-- promise and outlives its offer; one that ran out is as good as none.
create function public.commit_slot(
  p_professional_id uuid, p_conversation_id uuid, p_offer_id uuid, p_attendee_name text, p_source text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  offer public.marketing_slot_offers := app.find_offer(conversation.id, p_offer_id);
  appointment public.appointments;
begin
  if offer.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into appointment from public.appointments
  where professional_id = p_professional_id and offer_id = offer.id for update;
  if appointment.status = 'booked' then
    return app.appointment_answer('booked', appointment);
  end if;
  if not app.is_hold_alive(appointment) and not app.is_offer_open(offer) then
    return jsonb_build_object('outcome', 'expired');
  elsif appointment.id is not null and appointment.status <> 'held' then  -- booked once and cancelled since
    return jsonb_build_object('outcome', 'expired');
  elsif app.has_too_many_appointments(conversation.id) then
    return jsonb_build_object('outcome', 'too_many');
  end if;

  if appointment.id is null then
    appointment := app.take_slot(conversation, offer, 'booked', p_source);
    if appointment.id is null then
      return jsonb_build_object('outcome', 'taken');
    end if;
  end if;
  return app.appointment_answer('booked', app.confirm_booking(appointment, p_attendee_name, p_source));
end
$$;
call app.guard_function('public.commit_slot(uuid, uuid, uuid, text, text)');
