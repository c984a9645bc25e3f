-- The team of a professional. Accounts are Supabase Auth's, which the API's roles cannot read: the two functions that
-- look there run as their owner, answer no more than is needed, and are open to the service role alone.

-- {"user_id", "confirmed"} of the account with this address, or null. Supabase Auth keeps addresses in lower case; an
-- address may have a second account that came from single sign-on.
create function public.find_user_by_email(p_email text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('user_id', id, 'confirmed', email_confirmed_at is not null)
  from auth.users
  where email = lower(btrim(p_email))
  order by is_sso_user, created_at
  limit 1
$$;
call app.guard_function('public.find_user_by_email(text)');

-- The members who are not revoked, in the order in which they came. "pending": never signed in yet.
create function public.team_of(p_professional_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'user_id', member.user_id, 'email', account.email, 'role', member.role, 'invited_at', member.created_at,
        'pending', account.last_sign_in_at is null)
      order by member.created_at, member.user_id),
    '[]')
  from public.professional_members member
  join auth.users account on account.id = member.user_id
  -- the professional is the owner without being a member of their own team
  where member.professional_id = p_professional_id and member.user_id <> p_professional_id
    and member.revoked_at is null
$$;
call app.guard_function('public.team_of(uuid)');

create function app.audit_member(
  p_member public.professional_members, p_action text, p_actor_id uuid, p_payload jsonb default '{}'
) returns void
language sql set search_path = '' as $$
  select app.audit(p_member.professional_id, 'member', p_member.id, p_action, p_actor_id,
                   jsonb_build_object('user_id', p_member.user_id, 'role', p_member.role) || p_payload)
$$;
call app.guard_function('app.audit_member(public.professional_members, text, uuid, jsonb)');

-- Answers {"outcome": "added" | "restored" | "role_changed" | "unchanged"} | {"outcome": "refused"}: nobody gives
-- themself a role, and the professional needs none.
create function public.add_member(p_professional_id uuid, p_actor_id uuid, p_user_id uuid, p_role text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  member public.professional_members;
  was public.professional_members;
begin
  if p_user_id in (p_professional_id, p_actor_id) then
    return jsonb_build_object('outcome', 'refused');
  end if;
  insert into public.professional_members (professional_id, user_id, role, invited_by)
  values (p_professional_id, p_user_id, p_role, p_actor_id)
  on conflict (professional_id, user_id) do nothing
  returning * into member;
  if found then
    perform app.audit_member(member, 'member.added', p_actor_id);
    return jsonb_build_object('outcome', 'added');
  end if;
  select * into was from public.professional_members
  where professional_id = p_professional_id and user_id = p_user_id for no key update;
  if was.revoked_at is null and was.role = p_role then
    return jsonb_build_object('outcome', 'unchanged');
  end if;
  update public.professional_members set role = p_role, revoked_at = null, invited_by = p_actor_id
  where id = was.id
  returning * into member;
  if was.revoked_at is not null then
    perform app.audit_member(member, 'member.added', p_actor_id, '{"restored": true}');
    return jsonb_build_object('outcome', 'restored');
  end if;
  perform app.audit_member(member, 'member.role_changed', p_actor_id, jsonb_build_object('previous_role', was.role));
  return jsonb_build_object('outcome', 'role_changed');
end
$$;
call app.guard_function('public.add_member(uuid, uuid, uuid, text)');

-- Answers {"outcome": "revoked" | "not_found"}. Row level security and the functions read revoked_at at every request.
create function public.revoke_member(p_professional_id uuid, p_actor_id uuid, p_user_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  member public.professional_members;
begin
  update public.professional_members set revoked_at = now()
  where professional_id = p_professional_id and user_id = p_user_id and user_id <> p_professional_id
    and revoked_at is null
  returning * into member;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform app.audit_member(member, 'member.revoked', p_actor_id);
  return jsonb_build_object('outcome', 'revoked');
end
$$;
call app.guard_function('public.revoke_member(uuid, uuid, uuid)');
