-- The assistant has a conversation again: somebody gives it back, or people have left it alone for as long as their
-- clinic decided.

-- How long an answer of the assistant still makes sense to whoever wrote.
create function app.answerable_for(p_professional_id uuid) returns interval
language sql stable set search_path = '' as $$
  select make_interval(mins => app.policy(policies, 'late_after_minutes'))
  from public.professionals where id = p_professional_id
$$;
call app.guard_function('app.answerable_for(uuid)');

-- What the contact wrote lately, and nobody answered, becomes owed again. Answers how many messages.
create or replace function app.owe_again(p_conversation public.marketing_conversations) returns integer
language plpgsql set search_path = '' as $$
declare
  new_epoch constant integer := p_conversation.epoch + 1;
  latest constant timestamptz := now() - app.answerable_for(p_conversation.professional_id);
  since constant timestamptz := greatest(app.last_answered_at(p_conversation), latest);
  owed integer;
begin
  update public.marketing_messages set owed_epoch = new_epoch
  where conversation_id = p_conversation.id and owed_epoch is not null and revoked_at is null
    and created_at > since and sent_at > latest;
  get diagnostics owed = row_count;
  if owed > 0 then
    update public.marketing_conversations
    set epoch = new_epoch, first_unanswered_at = now(), answer_due_at = now(), answer_rewrites = 0
    where id = p_conversation.id;
  end if;
  return owed;
end
$$;

-- An answer that was being written before is refused: human_epoch moves. What asked for a person is over, so that the
-- next hand-over is told anew; a data request keeps its deadline, and what is critical only a person has seen to. Answers
-- how many messages are owed an answer.
create function app.give_back(
  p_conversation public.marketing_conversations, p_actor_id uuid, p_payload jsonb
) returns integer
language plpgsql set search_path = '' as $$
begin
  update public.marketing_conversations
  set human_epoch = human_epoch + 1, ai_enabled = true, handoff_reason = null, handoff_at = null,
      handed_back_at = clock_timestamp()
  where id = p_conversation.id;
  perform app.audit(p_conversation.professional_id, 'conversation', p_conversation.id, 'conversation.resumed',
                    p_actor_id, p_payload);
  update public.marketing_alerts set acknowledged_at = now(), acknowledged_by = p_actor_id
  where professional_id = p_conversation.professional_id and entity_id = p_conversation.id and acknowledged_at is null
    and kind in ('handoff', 'emergency', 'handoff_waiting') and (p_actor_id is not null or severity <> 'critical');
  return app.owe_again(p_conversation);
end
$$;
call app.guard_function('app.give_back(public.marketing_conversations, uuid, jsonb)');

create or replace function public.resume_ai(p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid)
returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  owed integer;
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif conversation.ai_enabled then
    return jsonb_build_object('outcome', 'already_active', 'conversation_id', conversation.id, 'wake', null);
  end if;
  owed := app.give_back(conversation, p_actor_id, '{}');
  return jsonb_build_object(
    'outcome', 'resumed', 'conversation_id', conversation.id, 'human_epoch', conversation.human_epoch + 1,
    'wake', case when owed > 0 then jsonb_build_object('conversation_id', conversation.id, 'delay_seconds', 0) end);
end
$$;

-- Somebody unwell or upset, or who asks for their data, is a person's to answer until a person gives them back; also
-- when that was said after the conversation had been handed over for something else.
create function app.needs_a_person(p_conversation public.marketing_conversations) returns boolean
language sql stable set search_path = '' as $$
  select p_conversation.handoff_reason in ('emergency', 'complaint', 'data_request')
    or exists (
      select from public.marketing_alerts
      where professional_id = p_conversation.professional_id and entity_id = p_conversation.id
        and created_at >= p_conversation.handoff_at - interval '1 minute'
        and (kind in ('emergency', 'data_request')
             or dedup_key in ('handoff:complaint:' || p_conversation.id, 'handoff:data_request:' || p_conversation.id)))
$$;
call app.guard_function('app.needs_a_person(public.marketing_conversations)');

-- Somebody with whom the clinic wrote before the number was linked, and who is no patient, may be a friend: only a person
-- lets the assistant in (app.leave_to_people), and not time. Whether nobody has yet.
create function app.belongs_to_people(p_conversation public.marketing_conversations) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(p_conversation.handoff_reason = 'history', false)
    or (p_conversation.patient_id is null and p_conversation.last_ai_at is null and p_conversation.handed_back_at is null
        and exists (select from public.marketing_messages
                    where conversation_id = p_conversation.id and imported_at is not null))
$$;
call app.guard_function('app.belongs_to_people(public.marketing_conversations)');

create function app.is_idle(p_conversation public.marketing_conversations) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(
    not p_conversation.ai_enabled and p_conversation.merged_into_id is null
    and greatest(p_conversation.last_human_at, p_conversation.handoff_at)
        < now() - make_interval(hours => app.policy(policies, 'resume_after_hours'))
    and not app.needs_a_person(p_conversation) and not app.belongs_to_people(p_conversation), false)
  from public.professionals
  where id = p_conversation.professional_id and marketing_enabled
    and app.policy(policies, 'resume_after_hours') is not null
$$;
call app.guard_function('app.is_idle(public.marketing_conversations)');

create index marketing_conversations_handed_over_idx
  on public.marketing_conversations (handoff_at) where not ai_enabled and merged_into_id is null;

-- Gives back up to p_limit conversations. Answers [{"conversation_id", "owes"}].
create function public.resume_idle(p_limit integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  idle_id uuid;
  conversation public.marketing_conversations;
  resumed jsonb := '[]';
begin
  for idle_id in
    select handed_over.id from public.marketing_conversations handed_over
    join public.professionals professional on professional.id = handed_over.professional_id
    where not handed_over.ai_enabled and handed_over.merged_into_id is null
      and handed_over.handoff_at < now() - interval '1 hour' and handed_over.handoff_reason is distinct from 'history'
      and app.policy(professional.policies, 'resume_after_hours') is not null and app.is_idle(handed_over)
    order by handed_over.id
    limit p_limit
  loop
    conversation := app.lock_conversation(idle_id);
    if app.is_idle(conversation) then  -- nobody has written since it was found
      resumed := resumed || jsonb_build_object(
        'conversation_id', conversation.id, 'owes', app.give_back(conversation, null, '{"reason": "idle"}') > 0);
    end if;
  end loop;
  return resumed;
end
$$;
call app.guard_function('public.resume_idle(integer)');
