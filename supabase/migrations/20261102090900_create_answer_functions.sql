-- The answer a conversation owes: leased to one worker, given, or given back. What is sent goes through the gate.

-- What the assistant may do: answer; triage (a person was asked for and has not written yet: only what cannot wait, an
-- emergency's safety text or an opt-out); observe (nothing is sent, but what was written is still classified).
create function app.answer_mode(
  p_conversation public.marketing_conversations, p_channel public.marketing_channels, p_professional public.professionals
) returns text
language sql stable set search_path = '' as $$
  select case
    when p_professional.marketing_enabled is not true or p_channel.status <> 'connected' or not p_channel.ai_enabled
      or coalesce(p_conversation.last_inbound_at, '-infinity') <= now() - interval '24 hours' then 'observe'
    when p_conversation.ai_enabled then 'answer'
    when p_conversation.handoff_reason is distinct from 'human_reply'
      and coalesce(p_conversation.last_human_at < p_conversation.handoff_at, true) then 'triage'
    else 'observe'
  end
$$;
call app.guard_function('app.answer_mode(public.marketing_conversations, public.marketing_channels, public.professionals)');

create function app.unanswered_messages(p_conversation public.marketing_conversations)
returns setof public.marketing_messages
language sql stable set search_path = '' as $$
  select * from public.marketing_messages
  where conversation_id = p_conversation.id and owed_epoch > p_conversation.answered_epoch and revoked_at is null
  order by owed_epoch, created_at
$$;
call app.guard_function('app.unanswered_messages(public.marketing_conversations)');

-- The last messages before the unanswered ones, as both sides saw them: without what never arrived or was taken back.
create function app.message_history(p_conversation public.marketing_conversations, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(recent) order by recent.created_at), '[]')
  from (
    select * from public.marketing_messages
    where conversation_id = p_conversation.id and direction <> 'system'
      and type not in ('reaction', 'edit', 'revoke') and revoked_at is null and status <> 'failed'
      and coalesce(owed_epoch, 0) <= p_conversation.answered_epoch
    order by created_at desc
    limit p_limit
  ) as recent
$$;
call app.guard_function('app.message_history(public.marketing_conversations, integer)');

-- A message of the assistant that Meta asked to try again later.
create function app.waiting_retry(p_conversation_id uuid) returns public.marketing_messages
language sql stable set search_path = '' as $$
  select * from public.marketing_messages
  where conversation_id = p_conversation_id and status = 'sending' and next_attempt_at is not null
    and sender in ('ai', 'system')
  order by created_at
  limit 1
$$;
call app.guard_function('app.waiting_retry(uuid)');

-- All a worker needs to answer, read under the lock that gave it the lease.
create function app.answer_material(
  p_conversation public.marketing_conversations, p_channel public.marketing_channels, p_professional public.professionals,
  p_history integer
) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'professional', to_jsonb(p_professional),
    'channel', (select to_jsonb(shown) from (select p_channel.id, p_channel.type, p_channel.ai_mode,
      p_channel.display_name, p_channel.display_phone_number, p_channel.settings) as shown),
    'credential', (select to_jsonb(shown) from (select id, phone_number_id, external_business_id, ai_provider, ai_model,
      ai_persona, status from public.marketing_channel_credentials where id = p_channel.credential_id) as shown),
    'conversation', to_jsonb(p_conversation),
    'patient', (select jsonb_build_object('id', id, 'full_name', full_name, 'is_minor', is_minor)
      from public.patients where id = p_conversation.patient_id),
    'unanswered', (select coalesce(jsonb_agg(to_jsonb(owed) order by owed.owed_epoch, owed.created_at), '[]')
      from app.unanswered_messages(p_conversation) as owed),
    'history', app.message_history(p_conversation, p_history),
    'open_offers', (select coalesce(jsonb_agg(to_jsonb(offer) order by offer.starts_at), '[]')
      from public.marketing_slot_offers offer
      where offer.conversation_id = p_conversation.id and offer.withdrawn_at is null and offer.expires_at > now()),
    'appointments', (select coalesce(jsonb_agg(to_jsonb(booked) order by booked.starts_at), '[]')
      from public.appointments booked
      where (booked.conversation_id = p_conversation.id or booked.patient_id = p_conversation.patient_id)
        and booked.status = 'booked' and booked.starts_at > now()),
    -- who is writing is said at first, after a day of silence, and again after a person gave the conversation back
    'first_answer', coalesce(
      p_conversation.last_ai_at < greatest(p_conversation.handed_back_at, now() - interval '24 hours'), true))
$$;
call app.guard_function('app.answer_material(public.marketing_conversations, public.marketing_channels, public.professionals, integer)');

-- Leases what a conversation owes, an answer or a retry, to one worker. Answers
--   {"outcome": "nothing"} | {"outcome": "not_due" | "leased", "delay_seconds"} | {"outcome": "claimed", …}
-- A worker that dies loses the lease when it runs out; the sweep wakes the conversation again.
create function public.claim_answer(p_conversation_id uuid, p_lease_seconds integer, p_history integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
  at constant timestamptz := clock_timestamp();
  retry constant public.marketing_messages := app.waiting_retry(conversation.id);
  due_at constant timestamptz := least(conversation.answer_due_at, retry.next_attempt_at);
  channel public.marketing_channels;
  professional public.professionals;
begin
  if due_at is null then
    return jsonb_build_object('outcome', 'nothing');
  elsif conversation.answer_lease_until > at then
    return jsonb_build_object('outcome', 'leased', 'delay_seconds', app.seconds_until(conversation.answer_lease_until));
  elsif due_at > at then
    return jsonb_build_object('outcome', 'not_due', 'delay_seconds', app.seconds_until(due_at));
  end if;
  update public.marketing_conversations
  set answer_lease_id = gen_random_uuid(), answer_lease_until = at + make_interval(secs => p_lease_seconds)
  where id = conversation.id
  returning * into conversation;
  select * into channel from public.marketing_channels where id = conversation.channel_id;
  select * into professional from public.professionals where id = conversation.professional_id;
  return jsonb_build_object(
    'outcome', 'claimed',
    'conversation_id', conversation.id,
    'lease_id', conversation.answer_lease_id,
    'epoch', conversation.epoch,
    'human_epoch', conversation.human_epoch,
    'rewrites', conversation.answer_rewrites,
    'late', coalesce(conversation.last_inbound_at < now() - interval '2 hours', true),
    'mode', app.answer_mode(conversation, channel, professional),
    'retry_message', case when retry.id is not null then to_jsonb(retry) end
  ) || app.answer_material(conversation, channel, professional, p_history);
end
$$;

create function app.seconds_until(p_at timestamptz) returns integer
language sql stable set search_path = '' as $$
  select greatest(ceil(extract(epoch from p_at - clock_timestamp())), 0)::integer
$$;
call app.guard_function('app.seconds_until(timestamptz)');
call app.guard_function('public.claim_answer(uuid, integer, integer)');

-- The end of a claim: nothing (more) is to be sent for p_epoch. p_classifications is {message id: {"intent", …}}, what
-- was understood of each message. What came in meanwhile is still owed, and the caller wakes for it.
create function public.finish_answer(
  p_conversation_id uuid, p_lease_id uuid, p_epoch integer,
  p_classifications jsonb default '{}', p_unanswered boolean default false
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
  answered constant integer := greatest(conversation.answered_epoch, least(p_epoch, conversation.epoch));
  owes boolean := answered < conversation.epoch;
begin
  if conversation.answer_lease_id is distinct from p_lease_id or p_lease_id is null then
    return jsonb_build_object('outcome', 'lost');
  end if;
  update public.marketing_messages
  set ai_metadata = coalesce(ai_metadata, '{}') || understood.value
  from jsonb_each(coalesce(p_classifications, '{}')) as understood
  where id = understood.key::uuid and conversation_id = conversation.id and direction = 'inbound';

  update public.marketing_conversations
  set answered_epoch = answered,
      answer_due_at = case when owes then coalesce(answer_due_at, clock_timestamp()) end,
      first_unanswered_at = case when owes then (
        select min(created_at) from public.marketing_messages
        where conversation_id = conversation.id and owed_epoch > answered) end,
      answer_rewrites = 0, answer_lease_id = null, answer_lease_until = null
  where id = conversation.id
  returning * into conversation;
  if p_unanswered then
    perform app.raise_alert(
      conversation.professional_id, 'unanswered', 'info', 'Quedó una conversación sin responder.',
      'conversation', conversation.id, 'unanswered:' || conversation.id);
  end if;
  if not owes then
    return jsonb_build_object('outcome', 'finished', 'conversation_id', conversation.id);
  end if;
  return jsonb_build_object('outcome', 'owed', 'conversation_id', conversation.id,
                            'delay_seconds', app.seconds_until(conversation.answer_due_at));
end
$$;
call app.guard_function('public.finish_answer(uuid, uuid, integer, jsonb, boolean)');

-- Gives the lease back after a failure that passes: what is owed stays owed, from p_delay_seconds on.
create function public.release_answer(p_conversation_id uuid, p_lease_id uuid, p_delay_seconds integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
begin
  if conversation.answer_lease_id is distinct from p_lease_id or p_lease_id is null then
    return jsonb_build_object('outcome', 'lost');
  end if;
  update public.marketing_conversations
  set answer_lease_id = null, answer_lease_until = null,
      answer_due_at = case when answered_epoch < epoch
        then clock_timestamp() + make_interval(secs => p_delay_seconds) end
  where id = conversation.id
  returning * into conversation;
  return jsonb_build_object('outcome', 'released', 'conversation_id', conversation.id,
                            'owed', conversation.answer_due_at is not null, 'delay_seconds', p_delay_seconds);
end
$$;
call app.guard_function('public.release_answer(uuid, uuid, integer)');
