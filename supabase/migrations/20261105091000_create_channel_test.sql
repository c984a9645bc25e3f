-- The last link of a channel's self-test: an event that we sign ourselves goes in by the webhook and comes out here.

create function public.begin_channel_test(p_professional_id uuid, p_channel_id uuid, p_nonce text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  update public.marketing_channels
  set test_nonce = p_nonce, test_event_received_at = null, tested_at = now()
  where id = p_channel_id and professional_id = p_professional_id and status <> 'disconnected';
  return jsonb_build_object('outcome', case when found then 'begun' else 'not_found' end);
end
$$;
call app.guard_function('public.begin_channel_test(uuid, uuid, text)');

create function public.channel_test_received(p_professional_id uuid, p_channel_id uuid, p_nonce text) returns boolean
language sql stable security invoker set search_path = '' as $$
  select exists (
    select from public.marketing_channels
    where id = p_channel_id and professional_id = p_professional_id and test_nonce = p_nonce
      and test_event_received_at is not null)
$$;
call app.guard_function('public.channel_test_received(uuid, uuid, text)');

-- An event of an earlier test, or one that came before, says nothing new.
create function app.ingest_self_test(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.marketing_channels set test_event_received_at = clock_timestamp()
  where id = p_channel.id and test_nonce = p_event ->> 'nonce' and test_event_received_at is null;
  return app.event_answer(case when found then 'applied' else 'duplicate' end, p_channel, null, null);
end
$$;
call app.guard_function('app.ingest_self_test(public.marketing_channels, jsonb)');

create or replace function app.ingest_on_channel(
  p_channel public.marketing_channels, p_event jsonb, p_debounce_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  kind constant text := p_event ->> 'kind';
begin
  case
    when kind = 'status' then return app.ingest_status(p_channel, p_event);
    when kind = 'preference' then return app.ingest_preference(p_channel, p_event);
    when kind = 'comment' then return app.ingest_comment(p_channel, p_event);
    when kind = 'self_test' then return app.ingest_self_test(p_channel, p_event);
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
