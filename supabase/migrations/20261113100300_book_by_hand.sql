-- An appointment that a person of the clinic makes from the dashboard. Opening hours, lead time and the number of
-- appointments are rules for the assistant: only the constraint stands in a person's way.
create function public.book_by_hand(
  p_professional_id uuid, p_conversation_id uuid, p_patient_id uuid, p_starts_at timestamptz, p_ends_at timestamptz,
  p_reason text, p_attendee_name text, p_actor_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations;
  v_patient_id uuid;
  booked public.appointments;
begin
  if p_conversation_id is not null then
    conversation := app.lock_conversation(p_conversation_id, p_professional_id);
  end if;
  select id into v_patient_id from public.patients where id = p_patient_id and professional_id = p_professional_id;
  if (p_conversation_id is not null and conversation.id is null) or (p_patient_id is not null and v_patient_id is null)
  then
    return jsonb_build_object('outcome', 'not_found');
  elsif p_starts_at <= clock_timestamp() then
    return jsonb_build_object('outcome', 'past');
  end if;
  perform app.lock_agenda(p_professional_id);
  delete from public.appointments
  where professional_id = p_professional_id and status = 'held'
    and tstzrange(starts_at, ends_at, '[)') && tstzrange(p_starts_at, p_ends_at, '[)')
    -- What this contact is about to choose is what is being booked for them.
    and (hold_expires_at <= clock_timestamp() or conversation_id = conversation.id);
  insert into public.appointments
    (professional_id, patient_id, conversation_id, attendee_name, starts_at, ends_at, reason, status, source)
  values
    (p_professional_id, coalesce(v_patient_id, app.patient_who_comes(conversation, p_attendee_name)), conversation.id,
     p_attendee_name, p_starts_at, p_ends_at, p_reason, 'booked', 'dashboard')
  on conflict do nothing
  returning * into booked;
  if booked.id is null then
    return jsonb_build_object('outcome', 'taken');
  end if;
  perform app.audit(p_professional_id, 'appointment', booked.id, 'appointment.booked', p_actor_id,
                    jsonb_strip_nulls(jsonb_build_object('conversation_id', conversation.id, 'source', 'dashboard')));
  return app.appointments_answer('booked', array[booked]);
end
$$;
call app.guard_function(
  'public.book_by_hand(uuid, uuid, uuid, timestamptz, timestamptz, text, text, uuid)');
