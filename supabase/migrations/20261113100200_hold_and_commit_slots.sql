-- Holding and booking what was offered: one slot, or a family's slots all together or not at all.

-- The appointments made of these offers, in the order of time, locked.
create function app.taken_parts(p_offers public.marketing_slot_offers[]) returns public.appointments[]
language plpgsql volatile set search_path = '' as $$
declare
  ids constant uuid[] := app.offer_ids(p_offers);  -- once, not for every row that is looked at
begin
  return array(
    select taken from public.appointments taken
    where professional_id = p_offers[1].professional_id and offer_id = any (ids)
    order by starts_at
    for update
  );
end
$$;
call app.guard_function('app.taken_parts(public.marketing_slot_offers[])');

create function app.with_status(p_appointments public.appointments[], p_status text) returns public.appointments[]
language sql immutable set search_path = '' as $$
  select array(select one from unnest(p_appointments) one where (one).status = p_status order by (one).starts_at)
$$;
call app.guard_function('app.with_status(public.appointments[], text)');

-- A hold that is alive is a promise and outlives its offer; one that ran out is as good as none.
create function app.are_held(p_offers public.marketing_slot_offers[], p_taken public.appointments[]) returns boolean
language sql volatile set search_path = '' as $$
  select cardinality(p_taken) = cardinality(p_offers)
    and not exists (select from unnest(p_taken) one where not app.is_hold_alive(one))
$$;
call app.guard_function('app.are_held(public.marketing_slot_offers[], public.appointments[])');

-- Whether these offers can still be taken: none was booked and cancelled since, and they are open or held.
create function app.can_take(p_offers public.marketing_slot_offers[], p_taken public.appointments[]) returns boolean
language sql volatile set search_path = '' as $$
  select not exists (select from unnest(p_taken) one where one.status <> 'held')
    and (app.are_held(p_offers, p_taken)
         or not exists (select from unnest(p_offers) part where not app.is_offer_open(part)))
$$;
call app.guard_function('app.can_take(public.marketing_slot_offers[], public.appointments[])');

-- Holds all of them for ten minutes, or none: the holds, null when somebody else has one of the times. "On conflict do
-- nothing" asks the constraint without an exception, and without the deadlock that plain inserts can run into with the
-- host application's; for the same reason in the order of time.
create function app.take_slots(
  p_conversation public.marketing_conversations, p_offers public.marketing_slot_offers[]
) returns public.appointments[]
language plpgsql volatile set search_path = '' as $$
declare
  ids constant uuid[] := app.offer_ids(p_offers);
  until constant timestamptz := clock_timestamp() + interval '10 minutes';
  taken public.appointments[];
begin
  perform app.make_room(p_conversation, p_offers, ids);
  update public.appointments set hold_expires_at = until
  where professional_id = p_conversation.professional_id and offer_id = any (ids);
  insert into public.appointments
    (professional_id, patient_id, conversation_id, attendee_name, starts_at, ends_at, reason, status, source, offer_id,
     hold_expires_at)
  select professional_id, patient_id, p_conversation.id, attendee_name, starts_at, ends_at, reason, 'held', 'assistant',
         id, until
  from unnest(p_offers) as part
  order by starts_at
  on conflict do nothing;
  taken := app.taken_parts(p_offers);
  if cardinality(taken) = cardinality(p_offers) then
    return taken;
  end if;
  delete from public.appointments
  where professional_id = p_conversation.professional_id and status = 'held' and offer_id = any (ids);
  return null;
end
$$;
call app.guard_function('app.take_slots(public.marketing_conversations, public.marketing_slot_offers[])');

-- Keeps an offered slot, and those beside it, free of others for ten minutes; a contact holds one choice at a time.
-- Asked again it answers the same hold, which is not prolonged; one that ran out begins anew while the offer stands.
create or replace function public.hold_slot(
  p_professional_id uuid, p_conversation_id uuid, p_offer_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  offer public.marketing_slot_offers := app.find_offer(conversation.id, p_offer_id);
  parts constant public.marketing_slot_offers[] := app.offer_parts(offer);
  taken public.appointments[];
  booked public.appointments[];
begin
  if offer.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.lock_agenda(p_professional_id);
  if offer.moves_appointment_id is not null then
    return app.hold_move(conversation, offer);
  end if;
  taken := app.taken_parts(parts);
  booked := app.with_status(taken, 'booked');
  if booked <> '{}' then  -- a second tap
    return app.appointments_answer('held', booked);
  elsif not app.can_take(parts, taken) then
    return jsonb_build_object('outcome', 'expired');
  elsif not app.are_held(parts, taken) then
    taken := app.take_slots(conversation, parts);
  end if;
  if taken is null then
    return jsonb_build_object('outcome', 'taken');
  end if;
  return app.appointments_answer('held', taken);
end
$$;

-- More future appointments than the clinic allows in one chat are a mistake or a prank; a person books the next.
create function app.has_too_many_appointments(
  p_conversation public.marketing_conversations, p_more integer
) returns boolean
language sql stable set search_path = '' as $$
  select count(*) + p_more > (
    select app.policy(policies, 'max_future_appointments') from public.professionals
    where id = p_conversation.professional_id)
  from public.appointments
  where conversation_id = p_conversation.id and status = 'booked' and starts_at > now()
$$;
call app.guard_function('app.has_too_many_appointments(public.marketing_conversations, integer)');

-- The conversation's own patient, unless the appointment is for somebody else, or somebody else may have the phone.
create function app.patient_who_comes(p_conversation public.marketing_conversations, p_attendee_name text) returns uuid
language sql stable set search_path = '' as $$
  select id from public.patients
  where id = p_conversation.patient_id and p_conversation.phone_unverified_at is null
    and (p_attendee_name is null or lower(btrim(full_name)) = lower(btrim(p_attendee_name)))
$$;
call app.guard_function('app.patient_who_comes(public.marketing_conversations, text)');

-- Who comes, of one slot, was said last; each of a family was named with its slot.
create function app.book_parts(
  p_conversation public.marketing_conversations, p_offers public.marketing_slot_offers[], p_attendee_name text,
  p_source text
) returns public.appointments[]
language plpgsql volatile set search_path = '' as $$
declare
  is_family constant boolean := cardinality(p_offers) > 1;
  booked public.appointments[];
begin
  -- calendar_sync_at stays null: the calendar event is made from this row, and waits until it is.
  update public.appointments held
  set status = 'booked', hold_expires_at = null, source = p_source, attendee_name = named.attendee_name,
      -- a list of before the doubt was made for somebody who may not have this phone any more
      patient_id = coalesce(case when p_conversation.phone_unverified_at is null then part.patient_id end,
                            app.patient_who_comes(p_conversation, named.attendee_name)),
      chat_change = 'booked', chat_changed_at = clock_timestamp()
  from unnest(p_offers) as part
  cross join lateral (select case when is_family then coalesce(part.attendee_name, p_attendee_name)
                             else coalesce(p_attendee_name, part.attendee_name) end as attendee_name) as named
  where held.professional_id = p_conversation.professional_id and held.offer_id = part.id;
  booked := app.taken_parts(p_offers);
  perform app.withdraw_offers(p_conversation.id);
  perform app.audit(one.professional_id, 'appointment', one.id, 'appointment.booked', null,
                    jsonb_build_object('conversation_id', p_conversation.id, 'offer_id', one.offer_id))
  from unnest(booked) as one;
  return booked;
end
$$;
call app.guard_function(
  'app.book_parts(public.marketing_conversations, public.marketing_slot_offers[], text, text)');

-- Books an offered slot and those beside it, held before or not, or moves what the offer is about; asked again it
-- answers the same appointments.
create or replace function public.commit_slot(
  p_professional_id uuid, p_conversation_id uuid, p_offer_id uuid, p_attendee_name text, p_source text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  offer public.marketing_slot_offers := app.find_offer(conversation.id, p_offer_id);
  parts constant public.marketing_slot_offers[] := app.offer_parts(offer);
  taken public.appointments[];
  booked public.appointments[];
begin
  if offer.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.lock_agenda(p_professional_id);
  if offer.moves_appointment_id is not null then
    return app.move_appointment(conversation, offer, p_source);
  end if;
  taken := app.taken_parts(parts);
  booked := app.with_status(taken, 'booked');
  if booked <> '{}' then
    return app.appointments_answer('booked', booked);
  elsif not app.can_take(parts, taken) then
    return jsonb_build_object('outcome', 'expired');
  elsif app.has_too_many_appointments(conversation, cardinality(parts)) then
    return jsonb_build_object('outcome', 'too_many');
  elsif app.take_slots(conversation, parts) is null then
    return jsonb_build_object('outcome', 'taken');
  end if;
  return app.appointments_answer('booked', app.book_parts(conversation, parts, p_attendee_name, p_source));
end
$$;

-- What these functions replace.
drop function app.clear_holds(public.marketing_conversations, timestamptz, timestamptz);
drop function app.take_slot(public.marketing_conversations, public.marketing_slot_offers, text, text);
drop function app.confirm_booking(public.appointments, text, text);
drop function app.has_too_many_appointments(uuid);
drop function app.appointment_answer(text, public.appointments);
