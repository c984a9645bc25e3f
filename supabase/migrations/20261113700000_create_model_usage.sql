-- What language models cost each professional a day, and which provider fails at the moment. Both are in the store
-- because a container answers a few conversations and ends: alone it would know neither.

create table public.ai_usage (
  professional_id uuid not null references public.professionals on delete cascade,
  day date not null,
  questions integer not null default 0,
  failures integer not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cost_micros bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (professional_id, day)
);
comment on column public.ai_usage.day is 'In the professional''s timezone.';
comment on column public.ai_usage.cost_micros is 'Millionths of a US dollar, by the price table of the day.';
call app.guard_table('public.ai_usage', 'team');

create table public.model_circuits (
  id uuid primary key default gen_random_uuid(),
  professional_id uuid references public.professionals on delete cascade,
  provider text not null,
  failures integer not null default 0,
  opened_until timestamptz,
  probe_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (professional_id, provider)
);
comment on table public.model_circuits is 'Providers that have failed, by whose key; no row: nothing has failed yet.';
comment on column public.model_circuits.provider is '"/speech" after its name: its model that hears voice notes.';
comment on column public.model_circuits.professional_id is 'Whose key it is; null: the platform''s, which many use.';
comment on column public.model_circuits.failures is 'In a row.';
comment on column public.model_circuits.opened_until is 'Nobody asks before, and after it one at a time until one is answered.';
comment on column public.model_circuits.probe_until is 'How long the one that asks may take.';
call app.guard_table('public.model_circuits', 'nobody');

-- Today for a professional.
create function app.local_day(p_professional_id uuid) returns date
language sql stable set search_path = '' as $$
  select (clock_timestamp() at time zone timezone)::date from public.professionals where id = p_professional_id
$$;
call app.guard_function('app.local_day(uuid)');

-- What a professional lets models cost in a day; null: no limit.
create function app.model_budget_micros(p_professional_id uuid) returns bigint
language sql stable set search_path = '' as $$
  select app.policy(policies, 'ai_budget_cents')::bigint * 10000 from public.professionals where id = p_professional_id
$$;
call app.guard_function('app.model_budget_micros(uuid)');

-- Whether a provider may be asked now: {"outcome": "admitted" | "budget_spent" | "circuit_open"}. Answers that are on
-- their way are not counted yet, so the last of a day may cost a little more than its budget.
create function public.admit_model(p_professional_id uuid, p_owns_key boolean, p_provider text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  budget constant bigint := app.model_budget_micros(p_professional_id);
  spent constant bigint := coalesce((select cost_micros from public.ai_usage
    where professional_id = p_professional_id and day = app.local_day(p_professional_id)), 0);
  holder constant uuid := case when p_owns_key then p_professional_id end;
  circuit public.model_circuits;
begin
  if spent >= budget then
    return jsonb_build_object('outcome', 'budget_spent');
  end if;
  select * into circuit from public.model_circuits
  where professional_id is not distinct from holder and provider = p_provider;
  if circuit.opened_until is null then  -- the usual case: nothing is locked or written
    return jsonb_build_object('outcome', 'admitted');
  end if;
  update public.model_circuits set probe_until = clock_timestamp() + interval '20 seconds'
  where id = circuit.id and opened_until <= clock_timestamp()
    and (probe_until is null or probe_until <= clock_timestamp());
  return jsonb_build_object('outcome', case when found then 'admitted' else 'circuit_open' end);
end
$$;
call app.guard_function('public.admit_model(uuid, boolean, text)');

-- Counts one question, and tells the professional once when it has used up the day's budget.
create function public.record_model_use(
  p_professional_id uuid, p_owns_key boolean, p_provider text,
  p_input_tokens integer, p_output_tokens integer, p_cost_micros bigint, p_failure text
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  budget constant bigint := app.model_budget_micros(p_professional_id);
  today constant date := app.local_day(p_professional_id);
  spent bigint;
begin
  insert into public.ai_usage as usage
    (professional_id, day, questions, failures, input_tokens, output_tokens, cost_micros)
  values (p_professional_id, today, 1, (p_failure is not null)::integer, p_input_tokens, p_output_tokens, p_cost_micros)
  on conflict (professional_id, day) do update set
    questions = usage.questions + 1, failures = usage.failures + excluded.failures,
    input_tokens = usage.input_tokens + excluded.input_tokens,
    output_tokens = usage.output_tokens + excluded.output_tokens,
    cost_micros = usage.cost_micros + excluded.cost_micros
  returning cost_micros into spent;
  if spent >= budget and spent - p_cost_micros < budget then  -- this question and no other crossed it
    perform app.raise_alert(
      p_professional_id, 'ai_budget_spent', 'warning',
      'El asistente gastó el presupuesto de inteligencia artificial de hoy: hasta mañana responde con sus reglas.',
      'professional', p_professional_id, 'ai_budget_spent:' || today);
  end if;
  perform app.note_circuit(p_professional_id, p_owns_key, p_provider, p_failure);
  return jsonb_build_object('outcome', 'recorded', 'spent_micros', spent);
end
$$;
call app.guard_function('public.record_model_use(uuid, boolean, text, integer, integer, bigint, text)');

-- Three failures in a row open the circuit for half a minute, each further one for twice as long, ten minutes at most.
-- A key that is refused opens it at once. An answer that made no sense is an answer, and so is that a text will not be
-- read: a contact's words may cause it, and must not take the model from everybody else.
create function app.note_circuit(p_professional_id uuid, p_owns_key boolean, p_provider text, p_failure text) returns void
language plpgsql set search_path = '' as $$
declare
  holder constant uuid := case when p_owns_key then p_professional_id end;
  refused constant boolean := coalesce(p_failure in ('unauthorised', 'payment'), false);
  in_a_row integer;
begin
  if p_failure is null or p_failure in ('truncated', 'garbage', 'moderated') then
    update public.model_circuits set failures = 0, opened_until = null, probe_until = null
    where professional_id is not distinct from holder and provider = p_provider and failures > 0;
    return;
  end if;
  insert into public.model_circuits as circuit (professional_id, provider, failures) values (holder, p_provider, 1)
  on conflict (professional_id, provider) do update set failures = circuit.failures + 1
  returning failures into in_a_row;
  if in_a_row >= 3 or refused then
    update public.model_circuits
    set opened_until = clock_timestamp() + least(interval '30 seconds' * 2 ^ greatest(least(in_a_row, 20) - 3, 0), '10 minutes'),
        probe_until = null
    where professional_id is not distinct from holder and provider = p_provider;
  end if;
  if refused and p_owns_key then
    perform app.raise_alert(
      p_professional_id, 'ai_key_refused', 'warning',
      case when p_provider like '%/speech'
        then 'La clave propia de inteligencia artificial no permite escuchar notas de voz: el asistente las pide por escrito.'
        else 'El proveedor de inteligencia artificial no acepta la clave propia: el asistente responde con sus reglas.'
      end,
      'professional', p_professional_id, 'ai_key_refused:' || p_provider);
  end if;
end
$$;
call app.guard_function('app.note_circuit(uuid, boolean, text, text)');

-- What the playground needs to answer as this channel would: no contact, no conversation.
create function public.playground_material(p_professional_id uuid, p_channel_id uuid) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce((
    select jsonb_build_object(
      'outcome', 'found',
      'professional', to_jsonb(professional),
      'channel', jsonb_build_object(
        'id', channel.id, 'type', channel.type, 'ai_mode', 'auto', 'display_name', channel.display_name,
        'display_phone_number', channel.display_phone_number, 'settings', channel.settings),
      'credential', jsonb_build_object(
        'id', credential.id, 'ai_provider', credential.ai_provider, 'ai_model', credential.ai_model,
        'ai_persona', credential.ai_persona))
    from public.marketing_channels channel
    join public.professionals professional on professional.id = channel.professional_id
    join public.marketing_channel_credentials credential on credential.id = channel.credential_id
    where channel.id = p_channel_id and channel.professional_id = p_professional_id
      and channel.type in ('whatsapp', 'instagram')), '{"outcome": "not_found"}')
$$;
call app.guard_function('public.playground_material(uuid, uuid)');
