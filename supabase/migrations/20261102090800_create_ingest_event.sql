-- The door: one event of Meta's, one call, one transaction. Whatever comes is applied once, or kept and never guessed.

-- The channel an event belongs to: its number has to be linked, now, and to the account the event came from. A number
-- alone is no proof: another tenant's account may carry it after a move.
create function app.channel_of_event(p_event jsonb) returns public.marketing_channels
language sql stable set search_path = '' as $$
  select channel.*
  from public.marketing_channel_credentials credential
  join public.marketing_channels channel on channel.credential_id = credential.id
  where credential.status <> 'disconnected' and channel.status <> 'disconnected'
    and case p_event ->> 'channel_type'
      when 'whatsapp' then credential.channel = 'whatsapp'
        and credential.phone_number_id = p_event ->> 'phone_number_id'
        and credential.external_business_id = p_event ->> 'waba_id'
      when 'instagram' then credential.channel = 'instagram'
        and credential.external_business_id = p_event ->> 'account_id'
      else false
    end
  limit 1
$$;
call app.guard_function('app.channel_of_event(jsonb)');

-- What is not attachable or not understood is kept as it came, once, with all that is needed to take it in later.
create function app.park(p_event jsonb, p_reason text, p_channel public.marketing_channels) returns jsonb
language plpgsql set search_path = '' as $$
declare
  identity constant text := concat_ws(
    '|', p_event ->> 'object', p_event ->> 'kind', p_event ->> 'field', p_event ->> 'waba_id', p_event ->> 'account_id',
    p_event ->> 'phone_number_id', p_event -> 'raw');
begin
  insert into public.marketing_webhook_events
    (professional_id, event_key, object, field, waba_id, phone_number_id, reason, payload, correlation_id, received_at)
  values (p_channel.professional_id, encode(sha256(convert_to(identity, 'UTF8')), 'hex'), p_event ->> 'object',
          p_event ->> 'field', coalesce(p_event ->> 'waba_id', p_event ->> 'account_id'), p_event ->> 'phone_number_id',
          p_reason, p_event, p_event ->> 'correlation_id', coalesce((p_event ->> 'received_at')::timestamptz, now()))
  on conflict (event_key) do nothing;
  return app.event_answer('parked', p_channel, null, null) || jsonb_build_object('reason', p_reason);
end
$$;
call app.guard_function('app.park(jsonb, text, public.marketing_channels)');

-- An account event concerns no contact and perhaps several numbers; the answer names one of them.
create function app.ingest_account(p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  channels constant uuid[] := app.channels_of_account(p_event);
  channel public.marketing_channels;
  channel_id uuid;
  is_new boolean := false;
begin
  if channels is null then
    return app.park(p_event, 'unknown_tenant', null);
  end if;
  foreach channel_id in array channels loop
    is_new := app.apply_account_event(channel_id, p_event) or is_new;
  end loop;
  select * into channel from public.marketing_channels where id = channels[1];
  return app.event_answer(case when is_new then 'applied' else 'duplicate' end, channel, null, null);
end
$$;
call app.guard_function('app.ingest_account(jsonb)');

create function app.ingest_on_channel(p_channel public.marketing_channels, p_event jsonb, p_debounce_seconds integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  kind constant text := p_event ->> 'kind';
begin
  case
    when kind = 'status' then return app.ingest_status(p_channel, p_event);
    when kind = 'preference' then return app.ingest_preference(p_channel, p_event);
    when kind = 'comment' then return app.ingest_comment(p_channel, p_event);
    when kind in ('message', 'echo', 'reaction', 'edit', 'revoke', 'identity') then
      return coalesce(
        app.duplicate_answer(p_channel, p_event),  -- before anything is created or locked for it
        case kind
          when 'message' then app.ingest_message(p_channel, p_event, p_debounce_seconds)
          when 'echo' then app.ingest_echo(p_channel, p_event)
          when 'identity' then app.ingest_identity(p_channel, p_event)
          else app.ingest_change(p_channel, p_event)
        end);
    else raise exception 'ingest_event: no such kind of event: %', kind using errcode = 'invalid_parameter_value';
  end case;
end
$$;
call app.guard_function('app.ingest_on_channel(public.marketing_channels, jsonb, integer)');

-- Takes in one event; its keys are the table in dentalist.inbound.events. Answers
--   {"outcome": stored | duplicate | applied | parked, "reason", "professional_id", "channel_id", "conversation_id",
--    "message_id", "wake": {"conversation_id", "delay_seconds"} | null, "media": boolean}
-- wake: the conversation owes an answer. media: the message's file is still to be fetched.
create function public.ingest_event(p_event jsonb, p_debounce_seconds integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
begin
  perform set_config('app.correlation_id', coalesce(p_event ->> 'correlation_id', ''), true);
  if p_event ->> 'kind' = 'account' then
    return app.ingest_account(p_event);
  end if;
  channel := app.channel_of_event(p_event);
  if p_event ->> 'kind' = 'unknown' then
    return app.park(p_event, p_event ->> 'reason', channel);
  elsif channel.id is null then
    return app.park(p_event, 'unknown_tenant', null);
  end if;
  return app.ingest_on_channel(channel, p_event, p_debounce_seconds);
end
$$;
call app.guard_function('public.ingest_event(jsonb, integer)');

-- A status by itself, for whoever has no other event to give.
create function public.apply_status(p_event jsonb) returns jsonb
language sql security invoker set search_path = '' as $$
  select public.ingest_event(p_event || '{"kind": "status"}', 0)
$$;
call app.guard_function('public.apply_status(jsonb)');
