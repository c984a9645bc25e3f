-- What a lost wake-up or a killed worker left behind, for the sweeper to put into the queues again.

-- Conversations whose answer is overdue and which nobody is writing for; the longest waiting first.
create function public.requeue_overdue(p_limit integer) returns jsonb
language sql security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(id order by answer_due_at), '[]')
  from (
    select id, answer_due_at from public.marketing_conversations
    where answer_due_at < now() - interval '20 seconds' and merged_into_id is null
      and coalesce(answer_lease_until, '-infinity') < now()
    order by answer_due_at
    limit p_limit
  ) as overdue
$$;
call app.guard_function('public.requeue_overdue(integer)');

-- Messages whose file was not fetched, tried again after 1, 2, 4 … minutes, while Meta still has it: seven days.
create function public.pending_media(p_limit integer) returns jsonb
language sql security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(id order by created_at), '[]')
  from (
    select id, created_at from public.marketing_messages
    where media_status = 'pending' and created_at > now() - interval '7 days'
      and created_at < now() - interval '1 minute' * power(2, least(media_attempts, 12))
    order by created_at
    limit p_limit
  ) as pending
$$;
call app.guard_function('public.pending_media(integer)');
