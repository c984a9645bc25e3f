-- How fast a number may send. The buckets live in the store, because every worker of every function shares them.
-- Meta's limits: 80 messages a second for a number (20 for one that stays on the phone app), and to one contact one
-- message in 6 seconds, up to 45 borrowed from the future.
-- https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput

-- What a bucket holds now: what it held when it was last touched, plus what dripped in since.
create function app.pace_tokens(
  p_tokens double precision, p_refilled_at timestamptz, p_at timestamptz, p_rate double precision,
  p_burst double precision
) returns double precision
language sql immutable parallel safe set search_path = '' as $$
  select least(p_burst, p_tokens + p_rate * greatest(extract(epoch from p_at - p_refilled_at)::double precision, 0))
$$;
call app.guard_function(
  'app.pace_tokens(double precision, timestamptz, timestamptz, double precision, double precision)');

create function app.pace_wait_ms(p_tokens double precision, p_rate double precision) returns integer
language sql immutable parallel safe set search_path = '' as $$
  select ceil(greatest(1 - p_tokens, 0) / p_rate * 1000)::integer
$$;
call app.guard_function('app.pace_wait_ms(double precision, double precision)');

-- Looks without touching: the milliseconds until the bucket has a token, 0 when it has one or does not exist yet.
create function app.peek_token(
  p_channel_id uuid, p_scope text, p_key text, p_rate double precision, p_burst double precision
) returns integer
language sql volatile set search_path = '' as $$
  select coalesce(
    (select app.pace_wait_ms(app.pace_tokens(tokens, refilled_at, clock_timestamp(), p_rate, p_burst), p_rate)
     from public.channel_pace where channel_id = p_channel_id and scope = p_scope and key = p_key), 0)
$$;
call app.guard_function('app.peek_token(uuid, text, text, double precision, double precision)');

-- Takes one token and returns 0, or leaves the bucket as it is and returns the milliseconds until there is one.
-- One statement, so that of two that want the last token one gets it; a bucket that does not exist is a full one.
create function app.take_token(
  p_professional_id uuid, p_channel_id uuid, p_scope text, p_key text, p_rate double precision, p_burst double precision
) returns integer
language plpgsql set search_path = '' as $$
begin
  insert into public.channel_pace as bucket (professional_id, channel_id, scope, key, tokens, refilled_at)
  values (p_professional_id, p_channel_id, p_scope, p_key, p_burst - 1, clock_timestamp())
  on conflict (channel_id, scope, key) do update
    set tokens = app.pace_tokens(bucket.tokens, bucket.refilled_at, clock_timestamp(), p_rate, p_burst) - 1,
        refilled_at = clock_timestamp()
    where app.pace_tokens(bucket.tokens, bucket.refilled_at, clock_timestamp(), p_rate, p_burst) >= 1;
  if found then
    return 0;
  end if;
  -- Between the two statements a token may have dripped in; the caller still has none, so it waits at least a moment.
  return greatest(app.peek_token(p_channel_id, p_scope, p_key, p_rate, p_burst), 1);
end
$$;
call app.guard_function('app.take_token(uuid, uuid, text, text, double precision, double precision)');

-- One token of the number and one of the pair, or neither. Null: taken. The caller holds the conversation's row, and
-- the pair's bucket belongs to that conversation: nobody can empty it between the look and the taking.
create function app.take_pace(p_conversation public.marketing_conversations, p_throughput integer) returns jsonb
language plpgsql set search_path = '' as $$
declare
  pair_rate constant double precision := 1.0 / 6;
  pair_burst constant double precision := 45;
  pair_key constant text := p_conversation.id::text;  -- no phone: the table outlives an erasure
  wait_ms integer;
begin
  wait_ms := app.peek_token(p_conversation.channel_id, 'pair', pair_key, pair_rate, pair_burst);
  if wait_ms > 0 then
    return jsonb_build_object('scope', 'pair', 'retry_after_ms', wait_ms);
  end if;
  wait_ms := app.take_token(p_conversation.professional_id, p_conversation.channel_id, 'channel',
                            p_conversation.channel_id::text, p_throughput, p_throughput);
  if wait_ms > 0 then
    return jsonb_build_object('scope', 'channel', 'retry_after_ms', wait_ms);
  end if;
  perform app.take_token(p_conversation.professional_id, p_conversation.channel_id, 'pair',
                         pair_key, pair_rate, pair_burst);
  return null;
end
$$;
call app.guard_function('app.take_pace(public.marketing_conversations, integer)');
