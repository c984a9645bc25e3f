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
  perform pg_advisory_xact_lock(hashtextextended('account:' || account_id, 0));
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select count(*) into siblings from public.marketing_channel_credentials as other
  where other.external_business_id = account_id and other.channel = channel.type and other.status <> 'disconnected'
    and other.id <> channel.credential_id;
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
