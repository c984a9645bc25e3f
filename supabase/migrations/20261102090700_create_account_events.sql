-- What Meta says about the account itself: bans, limits, templates. Reported once per account, it concerns every number
-- of it; kept in the audit log, which is also what makes a second delivery change nothing.

-- Statuses of a channel that end by Meta's word, not ours. Null: this event changes none.
create function app.status_after_account_update(p_channel public.marketing_channels, p_event jsonb) returns text
language sql stable set search_path = '' as $$
  select case
    when event in ('PARTNER_REMOVED', 'PARTNER_APP_UNINSTALLED', 'ACCOUNT_OFFBOARDED', 'ACCOUNT_DELETED')
      then 'reauth_required'
    when event = 'DISABLED_UPDATE' and ban_state = 'REINSTATE' and p_channel.status = 'restricted' then 'connected'
    when event = 'DISABLED_UPDATE' and ban_state = 'DISABLE' then 'restricted'
    when event = 'ACCOUNT_RESTRICTION' then 'restricted'
  end
  from (values (p_event ->> 'event', p_event #>> '{value,ban_info,waba_ban_state}')) as told (event, ban_state)
  where p_event ->> 'field' = 'account_update'
$$;
call app.guard_function('app.status_after_account_update(public.marketing_channels, jsonb)');

create function app.apply_account_update(p_channel public.marketing_channels, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  new_status constant text := app.status_after_account_update(p_channel, p_event);
begin
  if new_status is not null then
    update public.marketing_channels set status = new_status where id = p_channel.id;
    update public.marketing_channel_credentials set status = new_status, status_reason = p_event ->> 'event'
    where id = p_channel.credential_id;
  end if;
  if new_status in ('restricted', 'reauth_required') then
    perform app.raise_alert(
      p_channel.professional_id, 'channel_dead', 'critical',
      'La cuenta de WhatsApp dejó de funcionar por una decisión de Meta o de la cuenta. Revisala en Meta.',
      'channel', p_channel.id, 'channel_dead:' || p_channel.id);
  elsif p_event ->> 'event' = 'ACCOUNT_VIOLATION'
    or p_event #>> '{value,ban_info,waba_ban_state}' = 'SCHEDULE_FOR_DISABLE' then
    perform app.raise_alert(
      p_channel.professional_id, 'account_warning', 'critical',
      'Meta advirtió sobre la cuenta de WhatsApp. Revisala en Meta antes de que la bloquee.',
      'channel', p_channel.id, 'account_warning:' || p_channel.id);
  end if;
end
$$;
call app.guard_function('app.apply_account_update(public.marketing_channels, jsonb)');

-- Meta names a language en_US or en-US.
create function app.apply_template_status(p_channel public.marketing_channels, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  event constant text := p_event ->> 'event';
  reason constant text := nullif(p_event #>> '{value,reason}', 'NONE');
  template_id uuid;
begin
  update public.marketing_templates
  set status = case event when 'REINSTATED' then 'APPROVED' when 'FLAGGED' then status else event end,
      rejection_reason = case when event = 'REJECTED' then coalesce(reason, p_event #>> '{value,rejection_info,reason}') end,
      external_id = coalesce(external_id, p_event #>> '{value,message_template_id}')
  where channel_id = p_channel.id and name = p_event #>> '{value,message_template_name}'
    and language = replace(p_event #>> '{value,message_template_language}', '-', '_')
  returning id into template_id;
  if event in ('REJECTED', 'PAUSED', 'DISABLED', 'FLAGGED') and template_id is not null then
    perform app.raise_alert(
      p_channel.professional_id, 'template_status', 'warning',
      'Meta rechazó o detuvo una plantilla de WhatsApp. Mirá el motivo en Plantillas.',
      'template', template_id, 'template_status:' || template_id || ':' || event);
  end if;
end
$$;
call app.guard_function('app.apply_template_status(public.marketing_channels, jsonb)');

create function app.apply_quality(p_channel public.marketing_channels, p_event jsonb) returns void
language sql set search_path = '' as $$
  update public.marketing_channels
  set quality_rating = case p_event ->> 'event' when 'FLAGGED' then 'RED' when 'UNFLAGGED' then 'GREEN'
                       else coalesce(p_event #>> '{value,quality_rating}', quality_rating) end,
      messaging_limit = coalesce(p_event #>> '{value,max_daily_conversations_per_business}',
                                 p_event #>> '{value,current_limit}', messaging_limit)
  where id = p_channel.id
$$;
call app.guard_function('app.apply_quality(public.marketing_channels, jsonb)');

create function app.apply_template_category(p_channel public.marketing_channels, p_event jsonb) returns void
language sql set search_path = '' as $$
  -- With correct_category it is only announced, and new_category is still the present one.
  update public.marketing_templates set category = p_event #>> '{value,new_category}'
  where channel_id = p_channel.id and name = p_event #>> '{value,message_template_name}'
    and language = replace(p_event #>> '{value,message_template_language}', '-', '_')
    and p_event #>> '{value,correct_category}' is null
    and p_event #>> '{value,new_category}' in ('MARKETING', 'UTILITY', 'AUTHENTICATION')
$$;
call app.guard_function('app.apply_template_category(public.marketing_channels, jsonb)');

-- What an account event is about, so that an older report does not undo a newer one.
create function app.account_subject(p_event jsonb) returns text
language sql immutable set search_path = '' as $$
  select concat_ws('|', p_event ->> 'field', p_event #>> '{value,message_template_name}',
                   replace(p_event #>> '{value,message_template_language}', '-', '_'))
$$;
call app.guard_function('app.account_subject(jsonb)');

-- One event for one channel: applied unless a newer one about the same thing was, audited in any case. False: it is there
-- already. The channel's row is what deliveries of one event take turns on.
create function app.apply_account_event(p_channel_id uuid, p_event jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  channel public.marketing_channels;
  event_key constant text := md5((p_event -> 'raw')::text || (p_event ->> 'occurred_at'));
  subject constant text := app.account_subject(p_event);
  outdated boolean;
begin
  select * into channel from public.marketing_channels where id = p_channel_id for no key update;
  perform from public.marketing_audit_logs
  where entity_type = 'channel' and entity_id = channel.id and action = 'channel.account_update'
    and payload ->> 'event_key' = event_key;
  if found then
    return false;
  end if;
  select exists (
    select from public.marketing_audit_logs
    where entity_type = 'channel' and entity_id = channel.id and action = 'channel.account_update'
      and payload ->> 'subject' = subject
      and (payload ->> 'occurred_at')::timestamptz > app.event_time(p_event)
  ) into outdated;
  perform app.audit(
    channel.professional_id, 'channel', channel.id, 'channel.account_update', null,
    jsonb_build_object('field', p_event ->> 'field', 'event', p_event ->> 'event', 'subject', subject,
                       'occurred_at', p_event ->> 'occurred_at', 'event_key', event_key, 'outdated', outdated));
  if outdated then
    return true;
  end if;
  case p_event ->> 'field'
    when 'account_update' then perform app.apply_account_update(channel, p_event);
    when 'message_template_status_update' then perform app.apply_template_status(channel, p_event);
    when 'template_category_update' then perform app.apply_template_category(channel, p_event);
    when 'phone_number_quality_update', 'business_capability_update' then perform app.apply_quality(channel, p_event);
    else null;  -- audited, which is all it asks for
  end case;
  return true;
end
$$;
call app.guard_function('app.apply_account_event(uuid, jsonb)');

-- The channels an account event concerns: all of the account, or the one whose number it names.
create function app.channels_of_account(p_event jsonb) returns uuid[]
language sql stable set search_path = '' as $$
  select array_agg(channel.id order by channel.id)
  from public.marketing_channel_credentials credential
  join public.marketing_channels channel on channel.credential_id = credential.id
  where credential.status <> 'disconnected'
    and credential.external_business_id = coalesce(p_event ->> 'waba_id', p_event ->> 'account_id')
    and credential.channel = p_event ->> 'channel_type'
    and (p_event ->> 'phone_number_id' is null or credential.phone_number_id = p_event ->> 'phone_number_id')
    and (p_event #>> '{value,display_phone_number}' is null
         or app.canonical_phone(channel.display_phone_number) = app.canonical_phone(p_event #>> '{value,display_phone_number}'))
$$;
call app.guard_function('app.channels_of_account(jsonb)');
