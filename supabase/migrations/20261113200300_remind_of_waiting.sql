-- A conversation was handed over and no person has written: its people are told again. When, is for
-- dentalist.services.watch_conversations to say; that it happens once, is said here.
alter table public.marketing_conversations
  add column waiting_told_at timestamptz,
  add column window_told_at timestamptz;
comment on column public.marketing_conversations.waiting_told_at is
  'When people were last reminded that this conversation waits for them; window_told_at: that its window closes soon.';

-- Whoever took it, or came with the history of a number, waits for nothing that the assistant left.
create function app.waits_for_a_person(p_conversation public.marketing_conversations) returns boolean
language sql immutable set search_path = '' as $$
  select not p_conversation.ai_enabled and p_conversation.merged_into_id is null
    and coalesce(p_conversation.handoff_reason not in ('human_reply', 'human_takeover', 'history'), false)
    and coalesce(p_conversation.last_human_at < p_conversation.handoff_at, true)
$$;
call app.guard_function('app.waits_for_a_person(public.marketing_conversations)');

-- What Clinic needs to know when its people are there; no contact and no secret is among it.
create function app.clinic_calendar(p_professional public.professionals) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(shown) from (
    select p_professional.id, p_professional.timezone, p_professional.country, p_professional.opening_hours,
           p_professional.closures, p_professional.holiday_country, p_professional.open_holidays,
           p_professional.policies) as shown
$$;
call app.guard_function('app.clinic_calendar(public.professionals)');

-- Those of which one of the two reminders is still to be given, longest waiting first, from after the last one of the page
-- before: most wait for their clinic to open. What two weeks have forgotten (a clinic on holiday) nobody is told of.
create function public.waiting_conversations(
  p_limit integer, p_after_since timestamptz default null, p_after_id uuid default null
) returns jsonb
language sql security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'conversation_id', found.id, 'professional', found.calendar, 'reason', found.handoff_reason,
    'since', found.handoff_at, 'last_inbound_at', found.last_inbound_at,
    'told_at', found.waiting_told_at, 'told_of_window_at', found.window_told_at)
    order by found.handoff_at, found.id), '[]')
  from (
    select waiting.*, app.clinic_calendar(professional) as calendar
    from public.marketing_conversations waiting
    join public.professionals professional on professional.id = waiting.professional_id
    where not waiting.ai_enabled and waiting.merged_into_id is null
      and waiting.handoff_at > now() - interval '14 days' and professional.marketing_enabled
      and app.waits_for_a_person(waiting)
      and (coalesce(waiting.waiting_told_at < waiting.handoff_at, true)
           or (coalesce(waiting.window_told_at < waiting.handoff_at, true)
               and waiting.last_inbound_at between now() - interval '24 hours' and now() - interval '22 hours'))
      and (p_after_id is null or (waiting.handoff_at, waiting.id) > (p_after_since, p_after_id))
    order by waiting.handoff_at, waiting.id
    limit p_limit
  ) as found
$$;
call app.guard_function('public.waiting_conversations(integer, timestamptz, uuid)');

-- Reminds once of a hand-over (p_since) and once of its window. Who is unwell may still wait unseen: that leaves the
-- product again.
create function public.remind_of_waiting(p_conversation_id uuid, p_since timestamptz, p_of_window boolean)
returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
  told_at constant timestamptz :=
    case when p_of_window then conversation.window_told_at else conversation.waiting_told_at end;
begin
  if conversation.id is null or not app.waits_for_a_person(conversation)
    or conversation.handoff_at is distinct from p_since or told_at >= conversation.handoff_at then
    return jsonb_build_object('outcome', 'not_needed');
  end if;
  update public.marketing_conversations
  set waiting_told_at = case when p_of_window then waiting_told_at else clock_timestamp() end,
      window_told_at = case when p_of_window then clock_timestamp() else window_told_at end
  where id = conversation.id;
  perform app.raise_alert(
    conversation.professional_id, 'handoff_waiting',
    case conversation.handoff_reason when 'emergency' then 'critical' else 'warning' end,
    case when p_of_window
      then 'En menos de dos horas ya no vas a poder escribirle libremente a alguien que espera tu respuesta.'
      else 'Una conversación que el asistente te dejó sigue esperando tu respuesta.'
    end,
    'conversation', conversation.id,
    format('waiting:%s:%s:%s', conversation.id, p_of_window, extract(epoch from conversation.handoff_at)));
  return jsonb_build_object('outcome', 'reminded', 'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.remind_of_waiting(uuid, timestamptz, boolean)');
