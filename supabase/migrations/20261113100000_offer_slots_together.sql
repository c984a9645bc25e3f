-- Offers of several slots at once, and of new times for appointments. The constraint appointments_no_overlap still
-- decides who gets a slot.

-- Takes turns, until the transaction ends, among all that would put something into one agenda; after the conversation,
-- before any appointment. The constraint alone would be right, too, but two moves into one another's way, or families
-- that meet halfway, would run into a deadlock instead of one being told that it came late.
create function app.lock_agenda(p_professional_id uuid) returns void
language sql volatile set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('agenda:' || p_professional_id, 0))
$$;
call app.guard_function('app.lock_agenda(uuid)');

-- p_but: an appointment that is about to be moved, which is not in its own way.
drop function public.busy_intervals(uuid, timestamptz, timestamptz);
create function public.busy_intervals(
  p_professional_id uuid, p_from timestamptz, p_to timestamptz, p_but uuid default null
) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('starts_at', starts_at, 'ends_at', ends_at) order by starts_at), '[]')
  from public.appointments
  where professional_id = p_professional_id
    and tstzrange(starts_at, ends_at, '[)') && tstzrange(p_from, p_to, '[)')
    and (status = 'booked' or (status = 'held' and hold_expires_at > now()))
    and id is distinct from p_but
$$;
call app.guard_function('public.busy_intervals(uuid, timestamptz, timestamptz, uuid)');

-- An appointment that this chat may speak of: its own, or one of the patient it belongs to.
create function app.find_own_appointment(
  p_conversation public.marketing_conversations, p_appointment_id uuid
) returns public.appointments
language sql volatile set search_path = '' as $$
  select own from public.appointments own
  where id = p_appointment_id and professional_id = p_conversation.professional_id and status <> 'held'
    and (conversation_id = p_conversation.id or patient_id = p_conversation.patient_id)
  for no key update
$$;
call app.guard_function('app.find_own_appointment(public.marketing_conversations, uuid)');

create function app.insert_offer(
  p_conversation public.marketing_conversations, p_slot jsonb, p_batch_id uuid, p_ttl_seconds integer, p_moves uuid,
  p_group_id uuid, p_group_part integer
) returns public.marketing_slot_offers
language sql volatile set search_path = '' as $$
  insert into public.marketing_slot_offers
    (professional_id, conversation_id, batch_id, starts_at, ends_at, reason, attendee_name, patient_id, group_id,
     group_part, moves_appointment_id, expires_at)
  values
    (p_conversation.professional_id, p_conversation.id, p_batch_id, (p_slot ->> 'starts_at')::timestamptz,
     (p_slot ->> 'ends_at')::timestamptz, p_slot ->> 'reason', p_slot ->> 'attendee_name',
     (p_slot ->> 'patient_id')::uuid, p_group_id, p_group_part, p_moves,
     clock_timestamp() + make_interval(secs => p_ttl_seconds))
  returning *
$$;
call app.guard_function(
  'app.insert_offer(public.marketing_conversations, jsonb, uuid, integer, uuid, uuid, integer)');

-- Issues an id per slot, in the order given. Earlier offers of the conversation end: a contact chooses from the last
-- list they saw. A slot's "beside" are slots that are taken with it or not at all; their ids are not answered, since
-- they are nobody's to choose. p_moves: the appointment that a choice moves; "gone" when there is nothing to move.
drop function public.create_offers(uuid, uuid, jsonb, integer);
create function public.create_offers(
  p_professional_id uuid, p_conversation_id uuid, p_slots jsonb, p_ttl_seconds integer, p_moves uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  v_batch_id constant uuid := gen_random_uuid();
  v_group_id uuid;
  moved public.appointments;
  slot jsonb;
  offers jsonb := '[]';
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  if p_moves is not null then
    moved := app.find_own_appointment(conversation, p_moves);
    if moved.status is distinct from 'booked' or moved.starts_at <= clock_timestamp() then
      return jsonb_build_object('outcome', 'gone', 'offers', offers);
    end if;
  end if;
  perform app.withdraw_offers(conversation.id);
  for slot in select value from jsonb_array_elements(p_slots) with ordinality order by ordinality loop
    v_group_id := case when slot -> 'beside' <> '[]' then gen_random_uuid() end;
    if v_group_id is not null and p_moves is not null then
      raise exception 'create_offers: an appointment is moved alone';
    end if;
    offers := offers
      || to_jsonb(app.insert_offer(conversation, slot, v_batch_id, p_ttl_seconds, p_moves, v_group_id, 0));
    perform app.insert_offer(conversation, part.value, v_batch_id, p_ttl_seconds, null, v_group_id, part.number::integer)
    from jsonb_array_elements(slot -> 'beside') with ordinality as part (value, number);
  end loop;
  return jsonb_build_object('outcome', 'offered', 'batch_id', v_batch_id, 'offers', offers);
end
$$;
call app.guard_function('public.create_offers(uuid, uuid, jsonb, integer, uuid)');

-- An offer and those beside it, in the order of time.
create function app.offer_parts(p_offer public.marketing_slot_offers) returns public.marketing_slot_offers[]
language sql stable set search_path = '' as $$
  select array_agg(part order by part.starts_at, part.group_part)
  from public.marketing_slot_offers part
  where part.id = p_offer.id or part.group_id = p_offer.group_id
$$;
call app.guard_function('app.offer_parts(public.marketing_slot_offers)');

create function app.offer_ids(p_offers public.marketing_slot_offers[]) returns uuid[]
language sql immutable set search_path = '' as $$ select array_agg(id) from unnest(p_offers) $$;
call app.guard_function('app.offer_ids(public.marketing_slot_offers[])');

-- With "appointment", the first of them, as callers before groups know it.
create function app.appointments_answer(p_outcome text, p_appointments public.appointments[]) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('outcome', p_outcome, 'appointment_id', p_appointments[1].id,
                            'appointment', to_jsonb(p_appointments[1]), 'appointments', to_jsonb(p_appointments))
$$;
call app.guard_function('app.appointments_answer(text, public.appointments[])');

-- Few rows among many: every choice looks for those in its way.
create index if not exists appointments_held_idx on public.appointments (professional_id, hold_expires_at)
  where status = 'held';

-- Makes room for these offers: what the contact held otherwise, and holds of others that nobody confirmed in time. In
-- one statement and in the order of the ids, as the sweep of holds and a merge may want the same rows.
create function app.make_room(
  p_conversation public.marketing_conversations, p_offers public.marketing_slot_offers[], p_keeps uuid[]
) returns void
language sql volatile set search_path = '' as $$
  with stale as (
    select id from public.appointments held
    where professional_id = p_conversation.professional_id and status = 'held'
      and coalesce(offer_id <> all (p_keeps), true)
      and (conversation_id = p_conversation.id
           or (hold_expires_at <= clock_timestamp() and exists (
             select from unnest(p_offers) wanted
             where tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(wanted.starts_at, wanted.ends_at, '[)'))))
    order by id
    for update
  )
  delete from public.appointments where id in (select id from stale)
$$;
call app.guard_function('app.make_room(public.marketing_conversations, public.marketing_slot_offers[], uuid[])');
