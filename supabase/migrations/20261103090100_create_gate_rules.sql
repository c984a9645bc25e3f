-- The rules of the send gate, one function each. A rule answers null, or the code of its refusal; it never writes.
-- Time is clock_timestamp(): a claim may have waited for the conversation's lock, and now() is from before the wait.

alter table public.marketing_messages add column states_effect boolean not null default false;
comment on column public.marketing_messages.states_effect is
  'Tells of something already done (a booking): never dropped because it is outdated, never lost silently.';

alter table public.marketing_messages add column request_key uuid;
comment on column public.marketing_messages.request_key is
  'Of the request with an Idempotency-Key that sent it: asked again after a crash, the same request sends nothing again.';
create index marketing_messages_request_key_idx
  on public.marketing_messages (professional_id, request_key) where request_key is not null;

create type app.send_request as (
  message_id uuid,
  request_key uuid,
  author text,
  actor_id uuid,
  type text,
  body text,
  payload jsonb,
  purpose text,
  template_name text,
  template_language text,
  template_category text,
  human_epoch integer,
  human_epoch_moved boolean,
  answer_epoch integer,
  answer_part integer,
  answer_lease_id uuid,
  states_effect boolean,
  not_after timestamptz,
  ai_metadata jsonb,
  send_lease interval
);
comment on type app.send_request is 'What a caller of gate_claim asks to send. message_id: the waiting row of a retry.';

create function app.read_send_request(p_message jsonb) returns app.send_request
language plpgsql stable set search_path = '' as $$
declare
  request app.send_request;
begin
  request.request_key := (p_message ->> 'request_key')::uuid;
  request.author := p_message ->> 'author';
  request.actor_id := (p_message ->> 'actor_id')::uuid;
  request.type := p_message ->> 'type';
  request.body := p_message ->> 'body';
  request.payload := coalesce(nullif(p_message -> 'payload', 'null'), '{}');
  request.purpose := p_message ->> 'purpose';
  request.template_name := p_message -> 'template' ->> 'name';
  request.template_language := p_message -> 'template' ->> 'language';
  request.template_category := p_message -> 'template' ->> 'category';
  request.human_epoch := (p_message ->> 'human_epoch')::integer;
  request.human_epoch_moved := coalesce((p_message ->> 'human_epoch_moved')::boolean, false);
  request.answer_epoch := (p_message ->> 'answer_epoch')::integer;
  request.answer_part := (p_message ->> 'answer_part')::integer;
  request.answer_lease_id := (p_message ->> 'lease_id')::uuid;
  request.states_effect := coalesce((p_message ->> 'effect')::boolean, false);
  request.not_after := (p_message ->> 'not_after')::timestamptz;
  request.ai_metadata := nullif(p_message -> 'ai_metadata', 'null');
  request.send_lease := make_interval(secs => (p_message ->> 'send_lease_seconds')::double precision);
  return request;
end
$$;
call app.guard_function('app.read_send_request(jsonb)');

-- A retry sends the row as it was written; the caller adds only what belongs to this attempt (its leases).
create function app.retry_request(p_message jsonb, p_row public.marketing_messages) returns app.send_request
language plpgsql stable set search_path = '' as $$
declare
  request app.send_request := app.read_send_request(p_message);
begin
  request.message_id := p_row.id;
  request.author := p_row.sender;
  request.actor_id := p_row.actor_id;
  request.type := p_row.type;
  request.body := p_row.body;
  request.payload := p_row.payload;
  request.purpose := p_row.purpose;
  request.template_name := p_row.payload -> 'template' ->> 'name';
  request.template_language := p_row.payload -> 'template' -> 'language' ->> 'code';
  request.human_epoch := p_row.human_epoch;
  request.answer_epoch := p_row.answer_epoch;
  request.answer_part := p_row.answer_part;
  request.states_effect := p_row.states_effect;
  request.not_after := p_row.not_after;
  request.ai_metadata := p_row.ai_metadata;
  return request;
end
$$;
call app.guard_function('app.retry_request(jsonb, public.marketing_messages)');

-- A caller that breaks these is wrong itself: an exception, not a refusal.
create function app.check_send_request(p_request app.send_request) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_request.author is null or p_request.author not in ('ai', 'professional', 'campaign', 'system') then
    raise exception 'gate_claim: unknown author %', p_request.author using errcode = 'invalid_parameter_value';
  elsif p_request.purpose is null or p_request.type is null then
    raise exception 'gate_claim: type and purpose are required' using errcode = 'invalid_parameter_value';
  elsif p_request.author = 'ai' and p_request.human_epoch is null then
    raise exception 'gate_claim: a message of the assistant needs its human_epoch'
      using errcode = 'invalid_parameter_value';
  elsif (p_request.type = 'template') <> (p_request.template_name is not null) then
    raise exception 'gate_claim: a template has a name, nothing else has' using errcode = 'invalid_parameter_value';
  elsif p_request.send_lease is null then
    raise exception 'gate_claim: send_lease_seconds is required' using errcode = 'invalid_parameter_value';
  end if;
end
$$;
call app.guard_function('app.check_send_request(app.send_request)');

-- Where a message leaves: the channel's half and the credential's half, read at every send so that a disconnect acts
-- at once.
create type app.sending_channel as (
  id uuid,
  type text,
  credential_id uuid,
  phone_number_id text,
  is_connected boolean,
  ai_enabled boolean,
  throughput_per_second integer
);
create function app.sending_channel(p_channel_id uuid) returns app.sending_channel
language sql stable set search_path = '' as $$
  select row(channel.id, channel.type, credential.id, credential.phone_number_id,
             channel.status = 'connected' and credential.status = 'connected',
             channel.ai_enabled, channel.throughput_per_second)::app.sending_channel
  from public.marketing_channels channel
  join public.marketing_channel_credentials credential on credential.id = channel.credential_id
  where channel.id = p_channel_id
$$;
call app.guard_function('app.sending_channel(uuid)');

-- Marketing is a campaign or a template of category MARKETING, whatever the caller calls it: Meta may have
-- recategorised the template since the message was written.
create function app.effective_purpose(p_request app.send_request, p_template public.marketing_templates) returns text
language sql immutable set search_path = '' as $$
  select case
    when p_request.author = 'campaign' then 'marketing'
    when 'MARKETING' in (p_request.template_category, p_template.category) then 'marketing'
    else p_request.purpose
  end
$$;
call app.guard_function('app.effective_purpose(app.send_request, public.marketing_templates)');

create function app.refuse_disabled_feature(
  p_professional_id uuid, p_request app.send_request, p_channel app.sending_channel
) returns text
language sql stable set search_path = '' as $$
  select case
    when (select marketing_enabled from public.professionals where id = p_professional_id) is not true
      then 'feature_disabled'
    when p_request.author = 'ai' and not p_channel.ai_enabled then 'feature_disabled'  -- the number is silenced
  end
$$;
call app.guard_function('app.refuse_disabled_feature(uuid, app.send_request, app.sending_channel)');

create function app.refuse_dead_channel(p_channel app.sending_channel) returns text
language sql immutable set search_path = '' as $$
  select case when p_channel.is_connected is not true then 'channel_disconnected' end
$$;
call app.guard_function('app.refuse_dead_channel(app.sending_channel)');

create function app.refuse_late(p_request app.send_request) returns text
language sql volatile set search_path = '' as $$
  select case when p_request.not_after <= clock_timestamp() then 'too_late' end
$$;
call app.guard_function('app.refuse_late(app.send_request)');

-- Humans win: what the assistant wrote before a person acted is never sent.
create function app.refuse_outdated_human(
  p_request app.send_request, p_conversation public.marketing_conversations
) returns text
language sql immutable set search_path = '' as $$
  select case
    when p_request.author = 'ai' and p_request.human_epoch <> p_conversation.human_epoch then 'outdated_human'
  end
$$;
call app.guard_function('app.refuse_outdated_human(app.send_request, public.marketing_conversations)');

-- An answer is given once: its row exists, or its lease ran out and another worker writes it now.
create function app.refuse_answered(
  p_request app.send_request, p_conversation public.marketing_conversations
) returns text
language sql stable set search_path = '' as $$
  select case
    when p_request.answer_lease_id is distinct from p_conversation.answer_lease_id
      and p_request.answer_lease_id is not null then 'already_answered'
    when p_request.message_id is not null then null  -- the retry of that very row
    when exists (select from public.marketing_messages
                 where conversation_id = p_conversation.id
                   and answer_epoch = p_request.answer_epoch and answer_part = p_request.answer_part)
      then 'already_answered'
  end
$$;
call app.guard_function('app.refuse_answered(app.send_request, public.marketing_conversations)');

-- The contact wrote on while the answer was being written. It is rewritten, but at most twice or for 30 s, so that a
-- patient who keeps typing is still answered. An answer whose first part has left is not cut in half.
create function app.wants_rewrite(
  p_request app.send_request, p_conversation public.marketing_conversations
) returns boolean
language sql volatile set search_path = '' as $$
  select coalesce(
    p_request.author = 'ai'
    and not p_request.states_effect
    and p_request.message_id is null
    and p_conversation.epoch > p_request.answer_epoch
    and p_conversation.answered_epoch < p_request.answer_epoch
    and p_conversation.answer_rewrites < 2
    and clock_timestamp() < p_conversation.first_unanswered_at + interval '30 seconds', false)
$$;
call app.guard_function('app.wants_rewrite(app.send_request, public.marketing_conversations)');

-- The safety text and the confirmation of an opt-out go to people who consented to nothing.
create function app.refuse_without_consent(
  p_request app.send_request, p_conversation public.marketing_conversations
) returns text
language plpgsql stable set search_path = '' as $$
declare
  is_allowed boolean;
begin
  if p_request.purpose in ('safety', 'consent_confirmation') then
    return null;
  end if;
  select case p_request.purpose when 'marketing' then consent.marketing else consent.care end into is_allowed
  from app.consent_state(p_conversation.id) as consent;
  return case when is_allowed is not true then 'consent_required' end;
end
$$;
call app.guard_function('app.refuse_without_consent(app.send_request, public.marketing_conversations)');

-- Free text only within 24 h of the contact's last message; a template always, once Meta approved it.
create function app.refuse_outside_window(
  p_request app.send_request, p_conversation public.marketing_conversations, p_template public.marketing_templates
) returns text
language sql volatile set search_path = '' as $$
  select case
    when p_request.template_name is null then
      case when coalesce(p_conversation.last_inbound_at <= clock_timestamp() - interval '24 hours', true)
        then 'service_window_closed' end
    when p_template.id is null then 'template_not_found'
    when p_template.status <> 'APPROVED' then 'template_not_approved'
  end
$$;
call app.guard_function(
  'app.refuse_outside_window(app.send_request, public.marketing_conversations, public.marketing_templates)');
