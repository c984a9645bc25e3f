-- The clinic's own data, changed by its owner. What the host application decides (name, e-mail, whether the module is
-- on) is not among the columns.
create function app.clinic_columns() returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select array[
    'timezone', 'country', 'specialty', 'licence_number', 'opening_hours', 'closures', 'holiday_country',
    'open_holidays', 'appointment_minutes', 'buffer_minutes', 'lead_time_minutes', 'price_list', 'phone',
    'emergency_phone', 'emergency_instructions', 'alert_phone', 'address', 'maps_url', 'insurances', 'payment_methods',
    'privacy_notice_url'
  ]
$$;
call app.guard_function('app.clinic_columns()');

-- Answers {"outcome": "updated" | "unchanged", "clinic": <row>} | {"outcome": "not_found"} | {"outcome": "refused"}.
-- A key that is missing stays as it is, null erases. The audit says before and after of what differs, and nothing when
-- nothing does. "refused": the host application guards its table with constraints that this module does not know.
create function public.update_clinic(p_professional_id uuid, p_actor_id uuid, p_changes jsonb) returns jsonb
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
    privacy_notice_url = wanted.privacy_notice_url
  where id = p_professional_id
  returning * into clinic;
  perform app.audit(p_professional_id, 'professional', p_professional_id, 'clinic.updated', p_actor_id,
                    jsonb_build_object('before', before, 'after', after));
  return jsonb_build_object('outcome', 'updated', 'clinic', to_jsonb(clinic));
exception when check_violation or not_null_violation then
  return jsonb_build_object('outcome', 'refused');
end
$$;
call app.guard_function('public.update_clinic(uuid, uuid, jsonb)');
