-- Free text within the window costs nothing up to a number of messages a month, and Meta stops them when a payment fails.
-- Both are seen where a message's status changes, whoever changes it.

create table public.marketing_channel_usage (
  professional_id uuid not null,
  channel_id uuid not null,
  month date not null check (extract(day from month) = 1),
  service_messages integer not null default 0 check (service_messages >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (channel_id, month),
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id) on delete cascade
);
comment on column public.marketing_channel_usage.month is 'First day of the month, in the professional''s time zone.';
comment on column public.marketing_channel_usage.service_messages is
  'Messages without a template, sent by us through the API, that were delivered; those of the phone app cost nothing.';
create index marketing_channel_usage_professional_id_idx on public.marketing_channel_usage (professional_id, month desc);
call app.guard_table('public.marketing_channel_usage', 'team');

-- Per number and month.
create function app.free_service_messages() returns integer
language sql immutable parallel safe set search_path = '' as $$
  select 1000
$$;
call app.guard_function('app.free_service_messages()');

create function app.month_of(p_professional_id uuid, p_at timestamptz) returns date
language sql stable set search_path = '' as $$
  select date_trunc('month', p_at at time zone timezone)::date from public.professionals where id = p_professional_id
$$;
call app.guard_function('app.month_of(uuid, timestamptz)');

-- Each threshold is met by exactly one message of a month: the count moves one by one. A clinic with two numbers has to
-- know which of them the warning is about.
create function app.warn_of_usage(p_usage public.marketing_channel_usage) returns void
language sql set search_path = '' as $$
  select app.raise_alert(
    p_usage.professional_id, 'service_messages', threshold.severity,
    format('El número %s ya usó %s de los %s mensajes de servicio gratuitos de este mes (%s %%). ',
           coalesce(channel.display_phone_number, channel.display_name, 'de WhatsApp'), p_usage.service_messages,
           app.free_service_messages(), threshold.percent)
    || case when threshold.percent < 100 then 'Después de esos, Meta puede cobrarlos.'
            else 'Desde ahora Meta puede cobrarlos: revisá el medio de pago en Meta.' end,
    'channel', p_usage.channel_id,
    concat_ws(':', 'service_messages', p_usage.channel_id, to_char(p_usage.month, 'YYYY-MM'), threshold.percent))
  from (values (70, 'info'), (90, 'warning'), (100, 'critical')) as threshold (percent, severity)
  join public.marketing_channels channel on channel.id = p_usage.channel_id
  where p_usage.service_messages = ceil(app.free_service_messages() * threshold.percent / 100.0)
$$;
call app.guard_function('app.warn_of_usage(public.marketing_channel_usage)');

create function app.count_service_message(p_message public.marketing_messages) returns void
language plpgsql set search_path = '' as $$
declare
  delivered_at constant timestamptz := coalesce(
    least((p_message.status_times ->> 'delivered')::timestamptz, (p_message.status_times ->> 'read')::timestamptz), now());
  usage public.marketing_channel_usage;
begin
  insert into public.marketing_channel_usage as known (professional_id, channel_id, month, service_messages)
  values (p_message.professional_id, p_message.channel_id, app.month_of(p_message.professional_id, delivered_at), 1)
  on conflict (channel_id, month) do update set service_messages = known.service_messages + 1
  returning * into usage;
  perform app.warn_of_usage(usage);
end
$$;
call app.guard_function('app.count_service_message(public.marketing_messages)');

-- Of one message that was delivered for the first time, or refused for a payment problem. One that was sent before the
-- problem says nothing about whether it is solved.
create function app.note_outcome_for_channel() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.status = 'failed' then
    update public.marketing_channels set payment_problem_at = now()
    where id = new.channel_id and payment_problem_at is null;
    return null;
  end if;
  update public.marketing_channels set payment_problem_at = null
  where id = new.channel_id and payment_problem_at < new.created_at;
  if new.type <> 'template' and exists (
    select from public.marketing_channels where id = new.channel_id and type = 'whatsapp') then
    perform app.count_service_message(new);
  end if;
  return null;
end
$$;

-- purpose is what the gate gave the message: rows of the phone app have none. Deferred to the commit: a transaction may
-- hold several conversations, and a counter that all messages of a number share must be locked after them and briefly.
create constraint trigger note_outcome_for_channel after update of status on public.marketing_messages
  deferrable initially deferred for each row
  when (new.purpose is not null and old.status is distinct from new.status
        and (new.status = 'failed' and new.error ->> 'code' = '131042'
             or new.status in ('delivered', 'read') and old.status not in ('delivered', 'read')))
  execute function app.note_outcome_for_channel();
