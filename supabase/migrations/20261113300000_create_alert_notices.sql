-- A critical alert leaves the product, by mail and by the professional's own WhatsApp: at once, after 5 and after 15
-- minutes, until somebody has seen to it. Each of these rounds is two rows here, which are also the log of what became
-- of them.

-- Alerts from before this migration have no notices left: nobody is called for them now.
alter table public.marketing_alerts
  add column notices integer not null default 0,
  add column notices_left integer not null default 0 check (notices_left >= 0),
  add column notice_at timestamptz;
comment on column public.marketing_alerts.notices is 'Rounds of notices that have begun.';
comment on column public.marketing_alerts.notice_at is
  'When the next round is due; with none left, when the same thing happening again begins new ones.';
create index marketing_alerts_notice_at_idx
  on public.marketing_alerts (notice_at) where acknowledged_at is null and notices_left > 0;

create table public.marketing_alert_deliveries (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid not null references public.professionals on delete cascade,
  alert_id uuid not null,
  medium text not null check (medium in ('email', 'whatsapp')),
  round integer not null check (round > 0),
  status text not null default 'pending' check (
    status in ('pending', 'sent', 'unknown', 'delivered', 'read', 'failed', 'skipped', 'stopped')),
  reason text,
  channel_id uuid,
  external_id text,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease_id uuid,
  lease_until timestamptz,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (professional_id, id),
  unique (alert_id, medium, round),
  foreign key (professional_id, alert_id) references public.marketing_alerts (professional_id, id) on delete cascade,
  foreign key (professional_id, channel_id) references public.marketing_channels (professional_id, id)
    on delete set null (channel_id)
);
comment on column public.marketing_alert_deliveries.status is
  'skipped: there is no way (see reason); stopped: somebody saw to the alert before; unknown: the answer was lost.';
comment on column public.marketing_alert_deliveries.reason is 'A code, never a text with anybody''s words.';
comment on column public.marketing_alert_deliveries.channel_id is 'The number that the WhatsApp notice left by.';
create index marketing_alert_deliveries_professional_id_idx
  on public.marketing_alert_deliveries (professional_id, created_at desc);
create index marketing_alert_deliveries_channel_id_idx on public.marketing_alert_deliveries (channel_id);
create index marketing_alert_deliveries_pending_idx
  on public.marketing_alert_deliveries (next_attempt_at) where status = 'pending';
call app.guard_table('public.marketing_alert_deliveries', 'team');

-- Three rounds, and how long after one the next begins.
create function app.notice_rounds() returns integer
language sql immutable parallel safe set search_path = '' as $$ select 3 $$;
call app.guard_function('app.notice_rounds()');

-- p_left: rounds still to come. After the last one: how long until the same alert, raised again while nobody has seen to
-- it, calls anew. A patient who is unwell and writes again cannot wait for a day; an account that still does not work can.
create function app.notice_pause(p_left integer, p_entity_type text) returns interval
language sql immutable parallel safe set search_path = '' as $$
  select case
    when p_left = app.notice_rounds() - 1 then interval '5 minutes'
    when p_left > 0 then interval '10 minutes'
    when p_entity_type = 'conversation' then interval '30 minutes'
    else interval '1 day'
  end
$$;
call app.guard_function('app.notice_pause(integer, text)');

-- As before: the new alert's id, or null while one with the same dedup_key waits for its acknowledgement. A critical one
-- is told outside of the product; raised again after its rounds have passed, it is told again.
create or replace function app.raise_alert(
  p_professional_id uuid, p_kind text, p_severity text, p_message text,
  p_entity_type text default null, p_entity_id uuid default null, p_dedup_key text default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  raised uuid;
begin
  insert into public.marketing_alerts
    (professional_id, kind, severity, message, entity_type, entity_id, dedup_key, notices_left, notice_at)
  values (
    p_professional_id, p_kind, p_severity, p_message, p_entity_type, p_entity_id, p_dedup_key,
    case when p_severity = 'critical' then app.notice_rounds() else 0 end,
    case when p_severity = 'critical' then now() end)
  on conflict (professional_id, dedup_key) where acknowledged_at is null do nothing
  returning id into raised;
  if raised is null and p_severity = 'critical' then
    update public.marketing_alerts
    set notices_left = app.notice_rounds(), notice_at = now()
    where professional_id = p_professional_id and dedup_key = p_dedup_key and acknowledged_at is null
      and severity = 'critical' and notices_left = 0
      and coalesce(notice_at, created_at + app.notice_pause(0, entity_type)) <= now();
  end if;
  return raised;
end
$$;
