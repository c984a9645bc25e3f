-- Whoever lets people into a team makes Supabase Auth write to addresses that nobody has confirmed. A day's worth is more
-- than any clinic needs, and too little to pester strangers or to try which addresses have an account.

-- Of one professional in 24 hours, and of these to somebody who has been written to before.
create function app.invitations_a_day() returns integer
language sql immutable parallel safe set search_path = '' as $$
  select 50
$$;
call app.guard_function('app.invitations_a_day()');

create function app.reminders_a_day() returns integer
language sql immutable parallel safe set search_path = '' as $$
  select 5
$$;
call app.guard_function('app.reminders_a_day()');

-- The moments of the last 24 hours at which this professional's owners let somebody in, or this very person.
create function app.invited_at(p_professional_id uuid, p_user_id uuid default null) returns setof timestamptz
language sql stable set search_path = '' as $$
  select created_at from public.marketing_audit_logs
  where professional_id = p_professional_id and created_at > now() - interval '24 hours' and action = 'member.invited'
    and (p_user_id is null or payload ->> 'user_id' = p_user_id::text)
$$;
call app.guard_function('app.invited_at(uuid, uuid)');

-- Answers {"outcome": "claimed"} | {"outcome": "limited", "retry_after_seconds"}. p_user_id: who never followed the last
-- invitation and would get another; null for anybody else, known or not, so that the limit does not tell them apart.
create function public.claim_invitation(p_professional_id uuid, p_actor_id uuid, p_user_id uuid default null)
returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  free_at timestamptz;
begin
  -- one after the other: many at once would all find room
  perform 1 from public.professionals where id = p_professional_id for no key update;
  -- once the limit-th newest is a day old there is room again
  select max(moment) + interval '24 hours' into free_at
  from (
    (select moment from app.invited_at(p_professional_id) as moment
     order by moment desc offset app.invitations_a_day() - 1 limit 1)
    union all
    (select moment from app.invited_at(p_professional_id, p_user_id) as moment
     where p_user_id is not null
     order by moment desc offset app.reminders_a_day() - 1 limit 1)
  ) as limits;
  if free_at is not null then
    return jsonb_build_object(
      'outcome', 'limited', 'retry_after_seconds', greatest(1, ceil(extract(epoch from free_at - now())))::integer);
  end if;
  perform app.audit(p_professional_id, 'professional', p_professional_id, 'member.invited', p_actor_id,
                    jsonb_strip_nulls(jsonb_build_object('user_id', p_user_id)));
  return jsonb_build_object('outcome', 'claimed');
end
$$;
call app.guard_function('public.claim_invitation(uuid, uuid, uuid)');
