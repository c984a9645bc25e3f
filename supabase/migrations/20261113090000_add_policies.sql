-- What a clinic decides about its assistant. The table is the host application's, which may have the column already.
alter table public.professionals add column if not exists policies jsonb;
comment on column public.professionals.policies is
  'dentalist.domain.policies.Policies, only what differs from the defaults: {"max_future_appointments": 5}.';

-- A number among the policies, with the default of dentalist.domain.policies (a test keeps both equal). Null: the clinic
-- wants none (never resume, no reminder, no limit), or there is no such policy.
create function app.policy(p_policies jsonb, p_name text) returns integer
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(p_policies -> p_name) = 'number' then (p_policies ->> p_name)::numeric::integer
    when jsonb_typeof(p_policies -> p_name) = 'null'
      and p_name in ('resume_after_hours', 'reminder_hours', 'ai_budget_cents') then null
    else case p_name
      when 'max_future_appointments' then 3
      when 'ai_answers_per_day' then 40
      when 'waiting_alert_minutes' then 15
      when 'reminder_hours' then 24
      when 'late_after_minutes' then 120
      when 'ai_budget_cents' then 100
    end
  end
$$;
call app.guard_function('app.policy(jsonb, text)');

create or replace function app.clinic_columns() returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select array[
    'timezone', 'country', 'specialty', 'licence_number', 'opening_hours', 'closures', 'holiday_country',
    'open_holidays', 'appointment_minutes', 'buffer_minutes', 'lead_time_minutes', 'price_list', 'phone',
    'emergency_phone', 'emergency_instructions', 'alert_phone', 'address', 'maps_url', 'insurances', 'payment_methods',
    'privacy_notice_url', 'policies'
  ]
$$;

-- As before, and policies that are not named stay as they are.
create or replace function public.update_clinic(p_professional_id uuid, p_actor_id uuid, p_changes jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  clinic public.professionals;
  wanted public.professionals;
  before jsonb;
  after jsonb;
begin
  if exists (select from jsonb_object_keys(p_changes) as key where key <> all (app.clinic_columns())) then
    raise exception 'update_clinic: a column that cannot be changed here';
  end if;
  select * into clinic from public.professionals where id = p_professional_id for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  wanted := jsonb_populate_record(clinic, p_changes);
  if jsonb_typeof(p_changes -> 'policies') = 'object' and jsonb_typeof(clinic.policies) = 'object' then
    wanted.policies := clinic.policies || (p_changes -> 'policies');
  end if;
  select jsonb_object_agg(key, to_jsonb(clinic) -> key), jsonb_object_agg(key, to_jsonb(wanted) -> key)
  into before, after
  from jsonb_object_keys(p_changes) as key
  where to_jsonb(clinic) -> key is distinct from to_jsonb(wanted) -> key;
  if before is null then
    return jsonb_build_object('outcome', 'unchanged', 'clinic', to_jsonb(clinic));
  end if;
  update public.professionals set
    timezone = wanted.timezone, country = wanted.country, specialty = wanted.specialty,
    licence_number = wanted.licence_number, opening_hours = wanted.opening_hours, closures = wanted.closures,
    holiday_country = wanted.holiday_country, open_holidays = wanted.open_holidays,
    appointment_minutes = wanted.appointment_minutes, buffer_minutes = wanted.buffer_minutes,
    lead_time_minutes = wanted.lead_time_minutes, price_list = wanted.price_list, phone = wanted.phone,
    emergency_phone = wanted.emergency_phone, emergency_instructions = wanted.emergency_instructions,
    alert_phone = wanted.alert_phone, address = wanted.address, maps_url = wanted.maps_url,
    insurances = wanted.insurances, payment_methods = wanted.payment_methods,
    privacy_notice_url = wanted.privacy_notice_url, policies = wanted.policies
  where id = p_professional_id
  returning * into clinic;
  perform app.audit(p_professional_id, 'professional', p_professional_id, 'clinic.updated', p_actor_id,
                    jsonb_build_object('before', before, 'after', after));
  return jsonb_build_object('outcome', 'updated', 'clinic', to_jsonb(clinic));
exception when check_violation or not_null_violation then
  return jsonb_build_object('outcome', 'refused');
end
$$;
