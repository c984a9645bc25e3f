-- What Meta's callbacks ask for. They name a person by the id that our app has for them: whoever linked the accounts.
create index marketing_channel_credentials_meta_user_id_idx
  on public.marketing_channel_credentials (meta_user_id) where meta_user_id is not null;

create function app.platform_hash(p_value text) returns text
language sql set search_path = '' as $$
  select app.keyed_hash('00000000-0000-0000-0000-000000000000', p_value)
$$;
call app.guard_function('app.platform_hash(text)');

-- Accounts that were linked by the person. One that was linked again after they asked is not meant any more: callbacks
-- may be late. The minute is for clocks that differ and for Meta's whole seconds.
create function app.accounts_of_meta_user(p_user_id text, p_asked_at timestamptz)
returns setof public.marketing_channels
language sql stable set search_path = '' as $$
  select channel.*
  from public.marketing_channel_credentials credential
  join public.marketing_channels channel on channel.credential_id = credential.id
  where credential.meta_user_id = p_user_id and credential.channel in ('whatsapp', 'instagram')
    and coalesce(credential.token_issued_at <= p_asked_at + interval '1 minute', true)
  order by channel.id
$$;
call app.guard_function('app.accounts_of_meta_user(text, timestamptz)');

-- The person removed the app: their tokens are dead, and no copy is kept. p_sentences says, by type of channel, what the
-- owner is told. Asked again, it changes nothing.
create function public.deauthorize_meta_user(p_user_id text, p_issued_at timestamptz, p_sentences jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
  deauthorized integer := 0;
begin
  for channel in select * from app.accounts_of_meta_user(p_user_id, p_issued_at) where status <> 'disconnected' loop
    perform public.mark_channel(channel.professional_id, channel.id, 'reauth_required', 'app_removed',
                                p_sentences ->> channel.type);
    update public.marketing_channel_credentials
    set access_token_encrypted = null, refresh_token_encrypted = null, registration_pin_encrypted = null,
        token_expires_at = null, data_access_expires_at = null, scopes = null
    where id = channel.credential_id and status <> 'disconnected'
      and (access_token_encrypted is not null or refresh_token_encrypted is not null
           or registration_pin_encrypted is not null);
    if found then
      perform app.audit(channel.professional_id, 'channel', channel.id, 'channel.deauthorized');
      deauthorized := deauthorized + 1;
    end if;
  end loop;
  return jsonb_build_object('outcome', 'deauthorized', 'channels', deauthorized);
end
$$;
call app.guard_function('public.deauthorize_meta_user(text, timestamptz, jsonb)');

-- What Meta told about an account. What patients wrote to it, and what the clinic made of it (templates, settings, the
-- persona), is the clinic's. A hash in the place of an id still tells two accounts apart.
create function app.forget_account(p_channel public.marketing_channels) returns void
language plpgsql set search_path = '' as $$
begin
  update public.marketing_channels
  set display_name = null, display_phone_number = null, quality_rating = null, messaging_limit = null,
      throughput_per_second = default, on_phone_app = default, payment_problem_at = null, tested_at = null,
      test_event_received_at = null
  where id = p_channel.id;
  update public.marketing_channel_credentials
  set meta_user_id = null, token_kind = null,
      external_business_id = 'erased:' || app.platform_hash('account:' || external_business_id),
      phone_number_id = 'erased:' || app.platform_hash('number:' || phone_number_id)
  where id = p_channel.credential_id;
  update public.marketing_templates set external_id = null where channel_id = p_channel.id;
end
$$;
call app.guard_function('app.forget_account(public.marketing_channels)');

-- The person wants what we hold of them from Meta deleted; carried out at once. One request per person: asked again, it
-- answers the same code, and covers what was linked since.
create function public.forget_meta_user(p_user_id text, p_issued_at timestamptz) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
  forgotten integer := 0;
  request public.marketing_data_requests;
begin
  for channel in select * from app.accounts_of_meta_user(p_user_id, p_issued_at) loop
    perform public.disconnect_channel(channel.professional_id, channel.id, null, 'meta_data_deletion');
    perform app.forget_account(channel);
    if channel.status <> 'disconnected' then
      perform app.raise_alert(
        channel.professional_id, 'channel_dead', 'critical',
        'Quien vinculó esta cuenta pidió en Meta que se borren sus datos: la cuenta quedó desvinculada. Para volver a '
        || 'usarla, vinculala otra vez desde Canales.',
        'channel', channel.id, 'channel_dead:' || channel.id || ':meta_data_deletion');
    end if;
    forgotten := forgotten + 1;
  end loop;
  insert into public.marketing_data_requests as known (kind, subject_hash, status, completed_at, receipt)
  values ('meta_deletion', app.platform_hash('user:' || p_user_id), 'completed', clock_timestamp(),
          jsonb_build_object('accounts', forgotten))
  on conflict (subject_hash) where kind = 'meta_deletion' do update
    set completed_at = case when forgotten > 0 then excluded.completed_at else known.completed_at end,
        receipt = jsonb_build_object('accounts', (known.receipt ->> 'accounts')::integer + forgotten)
  returning * into request;
  return jsonb_build_object('outcome', 'forgotten', 'confirmation_code', request.confirmation_code);
end
$$;
call app.guard_function('public.forget_meta_user(text, timestamptz)');

-- For the page that shows a person what became of their request; null: no such code.
create function public.find_data_deletion(p_code text) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object('confirmation_code', confirmation_code, 'status', status, 'requested_at', created_at,
                            'completed_at', completed_at, 'accounts', receipt -> 'accounts')
  from public.marketing_data_requests
  where confirmation_code = p_code and kind = 'meta_deletion'
$$;
call app.guard_function('public.find_data_deletion(text)');
