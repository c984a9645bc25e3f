-- A link attempt: begun by an owner, ended once by whoever brings its state back within ten minutes.

create function public.create_oauth_state(
  p_id uuid, p_professional_id uuid, p_channel text, p_state_hash text, p_actor_id uuid, p_redirect_uri text,
  p_code_verifier_encrypted text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  expires_at constant timestamptz := now() + interval '10 minutes';
begin
  delete from public.oauth_states where created_at < now() - interval '1 day';
  insert into public.oauth_states
    (id, professional_id, channel, state_hash, actor_id, redirect_uri, code_verifier_encrypted, expires_at)
  values (p_id, p_professional_id, p_channel, p_state_hash, p_actor_id, p_redirect_uri, p_code_verifier_encrypted,
          expires_at);
  return jsonb_build_object('expires_at', expires_at);
end
$$;
call app.guard_function('public.create_oauth_state(uuid, uuid, text, text, uuid, text, text)');

-- Only an owner links, and only while the feature is on; asked again when the attempt ends, because both can change.
create function app.may_link(p_professional_id uuid, p_actor_id uuid) returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from public.professionals professional
    where professional.id = p_professional_id and professional.marketing_enabled
      and (professional.id = p_actor_id or exists (
        select from public.professional_members
        where professional_id = professional.id and user_id = p_actor_id and role = 'owner' and revoked_at is null)))
$$;
call app.guard_function('app.may_link(uuid, uuid)');

-- Uses a state up. One that is not what the caller names is as unknown as a forged one, and stays usable for its own
-- professional; its row's lock is what lets one of several at once win.
create function public.claim_oauth_state(
  p_state_hash text, p_professional_id uuid default null, p_channel text default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  state public.oauth_states;
begin
  select * into state from public.oauth_states
  where state_hash = p_state_hash and (p_professional_id is null or professional_id = p_professional_id)
    and (p_channel is null or channel = p_channel)
  for update;
  if not found or not app.may_link(state.professional_id, state.actor_id) then
    return jsonb_build_object('outcome', 'invalid');
  elsif state.used_at is not null then
    return jsonb_build_object('outcome', 'used');
  elsif state.expires_at <= clock_timestamp() then
    return jsonb_build_object('outcome', 'expired');
  end if;
  update public.oauth_states set used_at = clock_timestamp(), code_verifier_encrypted = null where id = state.id;
  return jsonb_build_object(
    'outcome', 'claimed', 'id', state.id, 'professional_id', state.professional_id, 'channel', state.channel,
    'actor_id', state.actor_id, 'redirect_uri', state.redirect_uri,
    'code_verifier_encrypted', state.code_verifier_encrypted);
end
$$;
call app.guard_function('public.claim_oauth_state(text, uuid, text)');
