-- Taking an account off: its secrets are erased in this transaction; telling the provider is the caller's.

-- Automatic messages that wait for their next attempt will not get one. Conversations first, in the order of their ids.
create function app.fail_waiting_sends(p_professional_id uuid, p_channel_id uuid) returns integer
language plpgsql set search_path = '' as $$
declare
  waiting record;
  failed integer := 0;
begin
  for waiting in
    select id, conversation_id from public.marketing_messages
    where professional_id = p_professional_id and channel_id = p_channel_id and status = 'sending'
      and next_attempt_at is not null
    order by conversation_id, id
  loop
    perform app.lock_conversation(waiting.conversation_id);
    update public.marketing_messages
    set status = 'failed', next_attempt_at = null, error = jsonb_build_object('code', 'channel_disconnected'),
        status_times = app.earlier_time(status_times, 'failed', now())
    where id = waiting.id and status = 'sending' and next_attempt_at is not null;
    failed := failed + (case when found then 1 else 0 end);
  end loop;
  return failed;
end
$$;
call app.guard_function('app.fail_waiting_sends(uuid, uuid)');

create function app.erase_secrets(p_credential_id uuid, p_reason text) returns void
language sql set search_path = '' as $$
  update public.marketing_channel_credentials
  set access_token_encrypted = null, refresh_token_encrypted = null, registration_pin_encrypted = null,
      ai_api_key_encrypted = null, meta_user_id = null, token_issued_at = null, token_refreshed_at = null,
      token_checked_at = null, token_expires_at = null, data_access_expires_at = null, scopes = null,
      status = 'disconnected', status_reason = p_reason
  where id = p_credential_id
$$;
call app.guard_function('app.erase_secrets(uuid, text)');

-- Google gives a permission to our app as a whole: giving one token back ends all of that person's. Which person that is
-- we are not told, so a calendar of the same name, or of none, counts as possibly theirs, and the permission stays. The
-- name of somebody's own calendar is their address unless they changed it.
create function app.siblings_of(p_channel public.marketing_channels, p_account_id text) returns integer
language sql stable set search_path = '' as $$
  select count(*)::integer
  from public.marketing_channel_credentials other
  left join public.marketing_channels other_channel on other_channel.credential_id = other.id
  where other.channel = p_channel.type and other.status <> 'disconnected' and other.id <> p_channel.credential_id
    and case p_channel.type
          when 'google_calendar' then coalesce(other_channel.display_name = p_channel.display_name, true)
          else other.external_business_id = p_account_id end
$$;
call app.guard_function('app.siblings_of(public.marketing_channels, text)');

-- siblings: what else, at anybody's, still needs the webhooks of the same account. Two numbers of one account that go at
-- the same moment take turns, so that the last one sees that it is the last.
create function public.disconnect_channel(
  p_professional_id uuid, p_channel_id uuid, p_actor_id uuid, p_reason text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  failed constant integer := app.fail_waiting_sends(p_professional_id, p_channel_id);
  channel public.marketing_channels;
  account_id text;
  siblings integer;
begin
  select external_business_id into account_id
  from public.marketing_channel_credentials
  where id = (select credential_id from public.marketing_channels
              where id = p_channel_id and professional_id = p_professional_id);
  perform pg_advisory_xact_lock(hashtextextended('account:' || coalesce(account_id, 'google_calendar'), 0));
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  siblings := app.siblings_of(channel, account_id);
  if channel.status = 'disconnected' then
    return jsonb_build_object('outcome', 'unchanged', 'siblings', siblings);
  end if;
  update public.marketing_channels set status = 'disconnected', test_nonce = null where id = channel.id;
  perform app.erase_secrets(channel.credential_id, p_reason);
  perform app.resolve_channel_alerts(channel);
  perform app.audit(p_professional_id, 'channel', channel.id, 'channel.disconnected', p_actor_id,
                    jsonb_build_object('reason', p_reason, 'waiting_messages_failed', failed));
  return jsonb_build_object('outcome', 'disconnected', 'siblings', siblings);
end
$$;
call app.guard_function('public.disconnect_channel(uuid, uuid, uuid, text)');
