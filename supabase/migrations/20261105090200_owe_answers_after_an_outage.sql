-- Contacts wrote while a number could not answer. Once it can again, whoever wrote in the last two hours is answered;
-- the others are a person's to look at, because an answer of yesterday's would only puzzle.

-- When the contact was last answered, by a person or by the assistant. An answer that Meta refused, as all are once a
-- token is dead, was none; last_ai_at remembers that it was tried.
create function app.last_answered_at(p_conversation public.marketing_conversations) returns timestamptz
language sql stable set search_path = '' as $$
  select greatest(p_conversation.last_human_at, max(created_at))
  from public.marketing_messages
  where conversation_id = p_conversation.id and direction = 'outbound' and sender = 'ai' and status <> 'failed'
$$;
call app.guard_function('app.last_answered_at(public.marketing_conversations)');

-- What the contact wrote in the last two hours, and nobody answered, becomes owed again. Answers how many messages.
create or replace function app.owe_again(p_conversation public.marketing_conversations) returns integer
language plpgsql set search_path = '' as $$
declare
  new_epoch constant integer := p_conversation.epoch + 1;
  since constant timestamptz := greatest(app.last_answered_at(p_conversation), now() - interval '2 hours');
  owed integer;
begin
  update public.marketing_messages set owed_epoch = new_epoch
  where conversation_id = p_conversation.id and owed_epoch is not null and revoked_at is null
    and created_at > since and sent_at > now() - interval '2 hours';
  get diagnostics owed = row_count;
  if owed > 0 then
    update public.marketing_conversations
    set epoch = new_epoch, first_unanswered_at = now(), answer_due_at = now(), answer_rewrites = 0
    where id = p_conversation.id;
  end if;
  return owed;
end
$$;

create function app.is_unanswered_since(p_conversation public.marketing_conversations, p_since timestamptz)
returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from public.marketing_messages
    where conversation_id = p_conversation.id and owed_epoch is not null and revoked_at is null
      and created_at > greatest(app.last_answered_at(p_conversation), p_since))
$$;
call app.guard_function('app.is_unanswered_since(public.marketing_conversations, timestamptz)');

create function app.alert_left_unanswered(p_channel public.marketing_channels, p_count integer) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_channel.professional_id, 'unanswered', 'info',
    case p_count
      when 1 then 'Mientras la cuenta no funcionaba quedó una conversación sin responder. Mirala en Conversaciones.'
      else format('Mientras la cuenta no funcionaba quedaron %s conversaciones sin responder. Miralas en Conversaciones.',
                  p_count)
    end,
    'channel', p_channel.id, 'unanswered:' || p_channel.id)
$$;
call app.guard_function('app.alert_left_unanswered(public.marketing_channels, integer)');

-- One channel's part of it. A few minutes are added, because the answers that found the token dead failed before the
-- channel was marked.
create function app.owe_answers_of(p_channel public.marketing_channels) returns void
language plpgsql set search_path = '' as $$
declare
  began_at constant timestamptz := p_channel.down_since - interval '10 minutes';
  conversation public.marketing_conversations;
  waiting_id uuid;
  left_unanswered integer := 0;
begin
  for waiting_id in
    select id from public.marketing_conversations
    where channel_id = p_channel.id and merged_into_id is null and ai_enabled and last_inbound_at > began_at
    order by id
  loop
    conversation := app.lock_conversation(waiting_id);
    if conversation.ai_enabled and app.owe_again(conversation) = 0
      and app.is_unanswered_since(conversation, began_at) then
      left_unanswered := left_unanswered + 1;
    end if;
  end loop;
  if left_unanswered > 0 then
    perform app.alert_left_unanswered(p_channel, left_unanswered);
  end if;
end
$$;
call app.guard_function('app.owe_answers_of(public.marketing_channels)');

-- Called before channels are connected again and before their rows are locked: conversations come first everywhere, and
-- several in the order of their ids. A number whose assistant is off answers nobody.
create function app.owe_after_outage(p_channel_ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.marketing_conversations
  where channel_id = any (p_channel_ids) and merged_into_id is null and ai_enabled
  order by id
  for no key update;
  perform app.owe_answers_of(channel) from public.marketing_channels channel
  where channel.id = any (p_channel_ids) and channel.down_since is not null and channel.ai_enabled;
end
$$;
call app.guard_function('app.owe_after_outage(uuid[])');
