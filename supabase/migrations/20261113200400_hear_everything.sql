-- Every message is looked at for what cannot wait, also when no answer is owed any more: a person was faster by a second,
-- or the worker died once its answer had left. Such messages are claimed to be heard, and nothing is said.

-- Looked at: it has its intent, or a claim that held it has ended without one.
create index marketing_messages_unheard_idx on public.marketing_messages (created_at)
  where direction = 'inbound' and owed_epoch is not null and not coalesce(ai_metadata ?| array['intent', 'heard'], false);

create function app.unheard_messages(p_conversation public.marketing_conversations)
returns setof public.marketing_messages
language sql stable set search_path = '' as $$
  select * from public.marketing_messages
  where conversation_id = p_conversation.id and direction = 'inbound' and owed_epoch <= p_conversation.answered_epoch
    and not coalesce(ai_metadata ?| array['intent', 'heard'], false)
    and revoked_at is null and created_at > now() - interval '24 hours'
  order by owed_epoch, created_at
$$;
call app.guard_function('app.unheard_messages(public.marketing_conversations)');

-- On a number where a person decides what is sent, having written once does not silence the suggestions; but nothing is
-- suggested, or told to a model, of a friend's chat.
create or replace function app.answer_mode(
  p_conversation public.marketing_conversations, p_channel public.marketing_channels, p_professional public.professionals
) returns text
language sql stable set search_path = '' as $$
  select case
    when p_professional.marketing_enabled is not true or p_channel.status <> 'connected' or not p_channel.ai_enabled
      or coalesce(p_conversation.last_inbound_at, '-infinity') <= now() - interval '24 hours' then 'observe'
    when p_conversation.ai_enabled then 'answer'
    when p_channel.ai_mode = 'suggest' and p_conversation.handoff_reason = 'human_reply'
      and not app.belongs_to_people(p_conversation) then 'answer'
    when p_conversation.handoff_reason is distinct from 'human_reply'
      and coalesce(p_conversation.last_human_at < p_conversation.handoff_at, true) then 'triage'
    else 'observe'
  end
$$;

-- Leases what a conversation owes, an answer or a retry, to one worker; or what nobody has heard yet. Answers
--   {"outcome": "nothing"} | {"outcome": "not_due" | "leased", "delay_seconds"} | {"outcome": "claimed", …}
-- A worker that dies loses the lease when it runs out; the sweep wakes the conversation again.
create or replace function public.claim_answer(p_conversation_id uuid, p_lease_seconds integer, p_history integer)
returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
  at constant timestamptz := clock_timestamp();
  retry constant public.marketing_messages := app.waiting_retry(conversation.id);
  unheard constant jsonb := (
    select jsonb_agg(to_jsonb(message) order by message.owed_epoch, message.created_at)
    from app.unheard_messages(conversation) as message);
  due_at constant timestamptz := case when unheard is not null then '-infinity'
                                 else least(conversation.answer_due_at, retry.next_attempt_at) end;
  channel public.marketing_channels;
  professional public.professionals;
  claim jsonb;
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
  claim := jsonb_build_object(
    'outcome', 'claimed',
    'conversation_id', conversation.id,
    'lease_id', conversation.answer_lease_id,
    'epoch', conversation.epoch,
    'human_epoch', conversation.human_epoch,
    'rewrites', conversation.answer_rewrites,
    'late', coalesce(conversation.last_inbound_at < now() - app.answerable_for(conversation.professional_id), true),
    'mode', app.answer_mode(conversation, channel, professional),
    'retry_message', case when retry.id is not null then to_jsonb(retry) end
  ) || app.answer_material(conversation, channel, professional, p_history);
  if unheard is null then
    return claim;
  end if;
  return claim || jsonb_build_object(
    'mode', 'observe', 'epoch', conversation.answered_epoch, 'unanswered', unheard, 'retry_message', null);
end
$$;

-- The end of a claim: nothing (more) is to be sent for p_epoch. p_classifications is {message id: {"intent", …}}, what
-- was understood of each message. What came in meanwhile is still owed, and the caller wakes for it.
create or replace function public.finish_answer(
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
  update public.marketing_messages set ai_metadata = coalesce(ai_metadata, '{}') || '{"heard": true}'
  where conversation_id = conversation.id and direction = 'inbound' and owed_epoch <= least(p_epoch, conversation.epoch)
    and not coalesce(ai_metadata ?| array['intent', 'heard'], false) and created_at > now() - interval '24 hours';

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

-- Conversations with something unheard whose wake-up was lost, and which nobody is working on.
create function public.unheard_conversations(p_limit integer) returns jsonb
language sql security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(found.id), '[]')
  from (
    select distinct conversation.id
    from public.marketing_messages message
    join public.marketing_conversations conversation on conversation.id = message.conversation_id
    where message.direction = 'inbound' and message.owed_epoch is not null
      and not coalesce(message.ai_metadata ?| array['intent', 'heard'], false)
      and message.created_at between now() - interval '24 hours' and now() - interval '1 minute'
      and message.revoked_at is null and message.owed_epoch <= conversation.answered_epoch
      and conversation.merged_into_id is null and coalesce(conversation.answer_lease_until, '-infinity') < now()
    limit p_limit
  ) as found
$$;
call app.guard_function('public.unheard_conversations(integer)');
