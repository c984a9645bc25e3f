-- Idempotency-Key: the same request asked twice is done once and answered twice.
-- What is kept is an answer that will not change: a 429, a 5xx or an answer under way is not, so that the client may
-- try again.

-- fresh: do it, then finish or release with this lease · replay: the first answer · in_progress: somebody does it now
-- · conflict: the key was used for another request.
create function public.claim_idempotency(
  p_professional_id uuid, p_route text, p_key text, p_request_hash text, p_lease_seconds integer
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  v_lease_id constant uuid := gen_random_uuid();
  v_lease interval := make_interval(secs => p_lease_seconds);
  known public.idempotency_keys;
begin
  -- Updates only a key whose day is over or whose worker died without an answer; what it leaves alone is read below.
  insert into public.idempotency_keys as kept
    (professional_id, route, key, request_hash, lease_id, lease_until)
  values (p_professional_id, p_route, p_key, p_request_hash, v_lease_id, clock_timestamp() + v_lease)
  on conflict (professional_id, route, key) do update
    set request_hash = excluded.request_hash, lease_id = excluded.lease_id,
        lease_until = clock_timestamp() + v_lease, response_status = null, response_body = null,
        expires_at = clock_timestamp() + interval '24 hours', created_at = clock_timestamp()
    where kept.expires_at <= clock_timestamp()
       or (kept.response_status is null and kept.lease_until <= clock_timestamp()
           and kept.request_hash = excluded.request_hash);
  if found then
    return jsonb_build_object('outcome', 'fresh', 'lease_id', v_lease_id);
  end if;

  select * into known from public.idempotency_keys
  where professional_id = p_professional_id and route = p_route and key = p_key;
  return case
    -- Given back between the two statements: whoever held it has just answered; asking again finds out.
    when known.key is null then jsonb_build_object('outcome', 'in_progress')
    when known.request_hash <> p_request_hash then jsonb_build_object('outcome', 'conflict')
    when known.response_status is null then jsonb_build_object('outcome', 'in_progress')
    else jsonb_build_object('outcome', 'replay', 'status', known.response_status, 'body', known.response_body)
  end;
end
$$;
call app.guard_function('public.claim_idempotency(uuid, text, text, text, integer)');

-- Gives the key back unanswered, so that the next request does the work. A lease that was taken over is no longer ours.
create function public.release_idempotency(
  p_professional_id uuid, p_route text, p_key text, p_lease_id uuid
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  delete from public.idempotency_keys
  where professional_id = p_professional_id and route = p_route and key = p_key
    and lease_id = p_lease_id and response_status is null;
  return jsonb_build_object('outcome', case when found then 'released' else 'lost' end);
end
$$;
call app.guard_function('public.release_idempotency(uuid, text, text, uuid)');

create function public.finish_idempotency(
  p_professional_id uuid, p_route text, p_key text, p_lease_id uuid, p_status integer, p_body jsonb
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  if p_status = 429 or p_status >= 500 then
    return public.release_idempotency(p_professional_id, p_route, p_key, p_lease_id);
  end if;
  update public.idempotency_keys
  set response_status = p_status, response_body = p_body
  where professional_id = p_professional_id and route = p_route and key = p_key
    and lease_id = p_lease_id and response_status is null;
  return jsonb_build_object('outcome', case when found then 'kept' else 'lost' end);
end
$$;
call app.guard_function('public.finish_idempotency(uuid, text, text, uuid, integer, jsonb)');
