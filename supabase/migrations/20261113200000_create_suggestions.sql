-- An answer of the assistant that waits for a person, on numbers where a person decides what is sent. Only what waits is
-- kept: sent, it is a message; thrown away or outdated, nobody needs its words.
create table public.marketing_suggestions (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null,
  conversation_id uuid not null,
  answer_epoch integer not null,
  type text not null,
  body text not null,
  payload jsonb not null check (jsonb_typeof(payload) = 'object'),
  changes jsonb not null default '[]' check (jsonb_typeof(changes) = 'array'),
  ai_metadata jsonb not null default '{}' check (jsonb_typeof(ai_metadata) = 'object'),
  created_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (conversation_id),
  foreign key (professional_id, conversation_id)
    references public.marketing_conversations (professional_id, id) on delete cascade
);
comment on table public.marketing_suggestions is 'At most one waits in a conversation.';
comment on column public.marketing_suggestions.changes is
  'What the words state as done in the agenda (dentalist.domain.suggestions.AgendaChange): done when they are sent.';
create index marketing_suggestions_professional_id_idx
  on public.marketing_suggestions (professional_id, created_at desc);
call app.guard_table('public.marketing_suggestions', 'team');

-- Nothing waits in the conversation any more, and nobody need be told that something does.
create function app.end_suggestion(p_conversation public.marketing_conversations) returns boolean
language plpgsql set search_path = '' as $$
begin
  delete from public.marketing_suggestions where conversation_id = p_conversation.id;
  if not found then
    return false;
  end if;
  update public.marketing_alerts set acknowledged_at = now()
  where professional_id = p_conversation.professional_id and dedup_key = 'suggestion:' || p_conversation.id
    and acknowledged_at is null;
  return true;
end
$$;
call app.guard_function('app.end_suggestion(public.marketing_conversations)');

-- Whoever writes ends it, whichever way they write: the contact, a person in the dashboard or on the phone app.
create function app.end_answered_suggestion() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform app.end_suggestion(new);
  return null;
end
$$;
create trigger end_answered_suggestion after update on public.marketing_conversations
  for each row when (
    new.epoch > old.epoch or new.last_human_at is distinct from old.last_human_at or new.merged_into_id is not null)
  execute function app.end_answered_suggestion();

-- Keeps the answer that a worker wrote under its lease, in place of the last one.
create function public.keep_suggestion(
  p_conversation_id uuid, p_lease_id uuid, p_epoch integer, p_human_epoch integer, p_suggestion jsonb
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id);
  kept_id uuid;
begin
  if conversation.answer_lease_id is distinct from p_lease_id or p_lease_id is null then
    return jsonb_build_object('outcome', 'lost');
  elsif conversation.human_epoch <> p_human_epoch then
    return jsonb_build_object('outcome', 'outdated_human');
  elsif conversation.epoch > p_epoch then  -- the contact wrote on: the next turn writes another
    return jsonb_build_object('outcome', 'outdated');
  end if;
  perform app.end_suggestion(conversation);
  insert into public.marketing_suggestions
    (professional_id, conversation_id, answer_epoch, type, body, payload, changes, ai_metadata)
  values (conversation.professional_id, conversation.id, p_epoch, p_suggestion ->> 'type', p_suggestion ->> 'body',
          p_suggestion -> 'payload', p_suggestion -> 'changes', p_suggestion -> 'ai_metadata')
  returning id into kept_id;
  perform app.raise_alert(
    conversation.professional_id, 'suggestion', 'info', 'Hay una respuesta sugerida que espera tu decisión.',
    'conversation', conversation.id, 'suggestion:' || conversation.id);
  return jsonb_build_object('outcome', 'kept', 'conversation_id', conversation.id, 'suggestion_id', kept_id);
end
$$;
call app.guard_function('public.keep_suggestion(uuid, uuid, integer, integer, jsonb)');

-- p_status: discarded, by a person, or withdrawn, because what it says is no longer so.
create function public.decide_suggestion(
  p_professional_id uuid, p_suggestion_id uuid, p_status text, p_actor_id uuid default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(
    (select conversation_id from public.marketing_suggestions
     where id = p_suggestion_id and professional_id = p_professional_id), p_professional_id);
begin
  -- It may have ended while this waited for the conversation's lock.
  if not exists (select from public.marketing_suggestions
                 where id = p_suggestion_id and conversation_id = conversation.id) then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.end_suggestion(conversation);
  perform app.audit(p_professional_id, 'conversation', conversation.id, 'suggestion.' || p_status, p_actor_id,
                    jsonb_build_object('suggestion_id', p_suggestion_id));
  return jsonb_build_object('outcome', p_status, 'conversation_id', conversation.id);
end
$$;
call app.guard_function('public.decide_suggestion(uuid, uuid, text, uuid)');
