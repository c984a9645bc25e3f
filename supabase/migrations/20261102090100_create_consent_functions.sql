-- Consent: what the ledger says about a conversation's contact, and the one way to write into it.

-- What Meta reports can be reported again; the same report is one row.
create unique index marketing_consent_events_reported_key
  on public.marketing_consent_events (professional_id, contact_kind, contact_value, scope, action, source, occurred_at)
  where source in ('user_preferences', 'meta_131050');

-- Opt-ins from before the ledger existed: the flag of the host application was all there was.
insert into public.marketing_consent_events
  (professional_id, contact_kind, contact_value, patient_id, scope, action, source, occurred_at)
select patient.professional_id, case when patient.phone is null then null else 'phone' end,
       app.canonical_phone(patient.phone), patient.id, scope, 'granted', 'host_app',
       coalesce(patient.whatsapp_opt_in_at, patient.created_at)
from public.patients patient cross join unnest(array['care', 'marketing']) as scope
where patient.whatsapp_opt_in
  and not exists (select from public.marketing_consent_events where patient_id = patient.id);

-- The newest decision of one scope about the conversation's contact: under any of their identities, or as the linked
-- patient. By when it was taken, because reports arrive in any order.
create function app.latest_consent(p_conversation_id uuid, p_scope text)
returns public.marketing_consent_events
language sql stable set search_path = '' as $$
  select event.*
  from public.marketing_conversations conversation
  cross join lateral (
    select by_contact.*
    from public.marketing_contact_identities identity
    join public.marketing_consent_events by_contact
      on by_contact.professional_id = identity.professional_id and by_contact.contact_kind = identity.kind
      and by_contact.contact_value = identity.value
    where identity.conversation_id = conversation.id and by_contact.scope = p_scope
    union all
    select by_patient.*
    from public.marketing_consent_events by_patient
    where by_patient.patient_id = conversation.patient_id and by_patient.scope = p_scope
  ) as event
  where conversation.id = p_conversation_id
  order by event.occurred_at desc, event.sequence desc
  limit 1
$$;
call app.guard_function('app.latest_consent(uuid, text)');

-- Whether the contact wrote something ordinary since a withdrawal was recorded. An opt-out is not ordinary, nor is a
-- message that was written long before the withdrawal and only arrived after it (Meta redelivers for days); Meta's
-- clock and ours may differ, hence the two minutes.
create function app.wrote_since(p_conversation_id uuid, p_withdrawn_at timestamptz) returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from public.marketing_messages
    where conversation_id = p_conversation_id and direction = 'inbound'
      and created_at > p_withdrawn_at and sent_at > p_withdrawn_at - interval '2 minutes'
      and type not in ('reaction', 'edit', 'revoke', 'system', 'request_welcome')
      and coalesce(ai_metadata ->> 'intent', '') <> 'opt_out'
  )
$$;
call app.guard_function('app.wrote_since(uuid, timestamptz)');

-- Care (answers, confirmations, reminders): granted, or the contact wrote since care was last withdrawn.
-- Marketing (campaigns, MARKETING templates): only granted, and not before a withdrawal of all care. Marketing implies care.
create function app.consent_state(p_conversation_id uuid, out care boolean, out marketing boolean)
language plpgsql stable set search_path = '' as $$
declare
  care_event public.marketing_consent_events := app.latest_consent(p_conversation_id, 'care');
  marketing_event public.marketing_consent_events := app.latest_consent(p_conversation_id, 'marketing');
begin
  marketing := coalesce(marketing_event.action = 'granted', false)
    and not coalesce(care_event.action = 'withdrawn' and care_event.occurred_at > marketing_event.occurred_at, false);
  care := marketing or case care_event.action
    when 'granted' then true
    when 'withdrawn' then app.wrote_since(p_conversation_id, care_event.created_at)
    else app.wrote_since(p_conversation_id, '-infinity')
  end;
end
$$;
call app.guard_function('app.consent_state(uuid)');

-- patients.whatsapp_opt_in shows the marketing consent. A number that several patients share opts all of them out, and
-- only the linked one in. The setting tells the table's trigger that this is no new decision.
create function app.project_marketing(p_professional_id uuid, p_patient_id uuid, p_phone text, p_granted boolean)
returns void
language plpgsql set search_path = '' as $$
begin
  perform set_config('app.consent_source', 'ledger', true);
  update public.patients set whatsapp_opt_in = p_granted
  where professional_id = p_professional_id and whatsapp_opt_in is distinct from p_granted
    and (id = p_patient_id or (not p_granted and app.canonical_phone(phone) = p_phone));
  perform set_config('app.consent_source', '', true);
end
$$;
call app.guard_function('app.project_marketing(uuid, uuid, text, boolean)');

-- One ledger row, and what follows from it for patients. False: it was there already.
create function app.add_consent(p_event public.marketing_consent_events) returns boolean
language plpgsql set search_path = '' as $$
begin
  insert into public.marketing_consent_events
    (professional_id, contact_kind, contact_value, patient_id, conversation_id, scope, action, source,
     wording, wording_version, actor_id, occurred_at, created_at)
  values (p_event.professional_id, p_event.contact_kind, p_event.contact_value, p_event.patient_id,
          p_event.conversation_id, p_event.scope, p_event.action, p_event.source, p_event.wording,
          p_event.wording_version, p_event.actor_id, p_event.occurred_at, clock_timestamp())
  on conflict do nothing;
  return found;
end
$$;
call app.guard_function('app.add_consent(public.marketing_consent_events)');

-- What waits to be sent under a consent that ended is not sent. A row in flight is out of reach.
create function app.cancel_waiting(p_conversation_id uuid, p_scope text) returns integer
language sql set search_path = '' as $$
  with cancelled as (
    update public.marketing_messages
    set status = 'failed', next_attempt_at = null,
        error = jsonb_build_object('code', 'consent_required', 'message', 'consent was withdrawn before it was sent')
    where conversation_id = p_conversation_id and direction = 'outbound'
      and (status = 'queued' or (status = 'sending' and next_attempt_at is not null))
      and coalesce(send_lease_until, '-infinity') < clock_timestamp()
      and (purpose = 'marketing' or (p_scope = 'care' and purpose = 'care'))
    returning 1
  )
  select count(*)::integer from cancelled
$$;
call app.guard_function('app.cancel_waiting(uuid, text)');

-- A decision about every identity of a locked conversation's contact, so that it is found under each of them on the
-- professional's other numbers too. Answers whether anything was new.
create function app.add_consent_of(
  p_conversation public.marketing_conversations, p_scope text, p_action text, p_source text,
  p_wording text, p_wording_version text, p_actor_id uuid, p_occurred_at timestamptz
) returns boolean
language plpgsql set search_path = '' as $$
declare
  event public.marketing_consent_events;
  identity record;
  state record;
  added boolean := false;
begin
  event.professional_id := p_conversation.professional_id;
  event.conversation_id := p_conversation.id;
  event.patient_id := p_conversation.patient_id;
  event.scope := p_scope;
  event.action := p_action;
  event.source := p_source;
  event.wording := p_wording;
  event.wording_version := p_wording_version;
  event.actor_id := p_actor_id;
  event.occurred_at := p_occurred_at;
  for identity in
    select kind, value from public.marketing_contact_identities where conversation_id = p_conversation.id order by kind
  loop
    event.contact_kind := identity.kind;
    event.contact_value := identity.value;
    added := app.add_consent(event) or added;
  end loop;
  if not added then
    return false;
  end if;
  if p_scope = 'marketing' or p_action = 'withdrawn' then
    state := app.consent_state(p_conversation.id);
    perform app.project_marketing(p_conversation.professional_id, p_conversation.patient_id,
                                  app.canonical_phone(p_conversation.contact_phone), state.marketing);
  end if;
  if p_action = 'withdrawn' then
    perform app.cancel_waiting(p_conversation.id, p_scope);
  end if;
  return true;
end
$$;
call app.guard_function('app.add_consent_of(public.marketing_conversations, text, text, text, text, text, uuid, timestamptz)');

-- A person, the assistant (an opt-out) or a form recorded a decision.
create function public.record_consent(
  p_professional_id uuid, p_conversation_id uuid, p_scope text, p_action text, p_source text,
  p_wording text default null, p_wording_version text default null,
  p_actor_id uuid default null, p_occurred_at timestamptz default null
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  conversation public.marketing_conversations := app.lock_conversation(p_conversation_id, p_professional_id);
  state record;
  added boolean;
begin
  if conversation.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  added := app.add_consent_of(conversation, p_scope, p_action, p_source, p_wording, p_wording_version, p_actor_id,
                              least(coalesce(p_occurred_at, clock_timestamp()), clock_timestamp()));
  if added then
    perform app.audit(p_professional_id, 'conversation', conversation.id, 'consent.' || p_action, p_actor_id,
                      jsonb_build_object('scope', p_scope, 'source', p_source));
  end if;
  state := app.consent_state(conversation.id);
  return jsonb_build_object('outcome', case when added then 'recorded' else 'duplicate' end,
                            'conversation_id', conversation.id, 'care', state.care, 'marketing', state.marketing);
end
$$;
call app.guard_function('public.record_consent(uuid, uuid, text, text, text, text, text, uuid, timestamptz)');
