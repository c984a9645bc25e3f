-- Forgetting a contact. Everything goes in one transaction, the conversation itself too: an empty row in its place would
-- be something that a worker in the middle of an answer could still hang words and names on, while nothing can refer to
-- a row that is gone. Appointments and the audit log, which stay, lose or keep no more than its id.

-- Taking in an event and forgetting a contact take turns, so that nothing received before an erasure slips in behind
-- it. Many events at once, one erasure alone. Taken before any other lock.
create function app.share_erasure_lock(p_professional_id uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock_shared(hashtextextended('erasure:' || p_professional_id, 0))
$$;
call app.guard_function('app.share_erasure_lock(uuid)');

create function app.take_erasure_lock(p_professional_id uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('erasure:' || p_professional_id, 0))
$$;
call app.guard_function('app.take_erasure_lock(uuid)');

create function app.erasure_answer(p_request public.marketing_data_requests) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'outcome', 'erased', 'request_id', p_request.id, 'status', p_request.status, 'receipt', p_request.receipt,
    'pending_paths', to_jsonb(p_request.pending_paths))
$$;
call app.guard_function('app.erasure_answer(public.marketing_data_requests)');

-- The erasure that a conversation, merged ones included, ended with; not_found while there was none.
create function public.find_erasure(p_professional_id uuid, p_conversation_id uuid) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(
    (select app.erasure_answer(request) from public.marketing_data_requests request
     where professional_id = p_professional_id and kind = 'contact_erasure'
       and p_conversation_id = any (conversation_ids)),
    jsonb_build_object('outcome', 'not_found'))
$$;
call app.guard_function('public.find_erasure(uuid, uuid)');

-- Advertising ends with the erasure, whatever was agreed to before. Care had ended only if it was withdrawn and they have
-- not written since.
create function app.scopes_to_suppress(p_conversation_ids uuid[]) returns text[]
language sql stable set search_path = '' as $$
  select case when bool_or(coalesce((app.latest_consent(id, 'care')).action = 'withdrawn', false)
                           and not (app.consent_state(id)).care)
         then array['care', 'marketing'] else array['marketing'] end
  from unnest(p_conversation_ids) as id
$$;
call app.guard_function('app.scopes_to_suppress(uuid[])');

create function app.suppress(
  p_professional_id uuid, p_identities app.identity[], p_scopes text[], p_erased_at timestamptz
) returns void
language sql set search_path = '' as $$
  insert into public.contact_suppressions as known (professional_id, contact_hash, scopes, erased_at)
  select p_professional_id, app.contact_hash(p_professional_id, kind, value), p_scopes, p_erased_at
  from unnest(p_identities)
  on conflict (professional_id, contact_hash) do update
    set scopes = excluded.scopes, erased_at = excluded.erased_at
$$;
call app.guard_function('app.suppress(uuid, app.identity[], text[], timestamptz)');

-- The ledger of a patient, whose record stays, stays with it: without number or user id, and without what was written in
-- the chat. A text with a version is the clinic's own. Everybody else's rows go; a hash keeps what they withdrew.
create function app.erase_consent(
  p_professional_id uuid, p_scope app.contact_scope, p_scopes text[], p_erased_at timestamptz
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  erased integer;
  kept integer;
begin
  delete from public.marketing_consent_events
  where id in (select id from app.consent_about(p_professional_id, p_scope) where patient_id is null);
  get diagnostics erased = row_count;
  update public.marketing_consent_events
  set contact_kind = null, contact_value = null, conversation_id = null,
      wording = case when wording_version is not null then wording end
  where id in (select id from app.consent_about(p_professional_id, p_scope));
  get diagnostics kept = row_count;

  insert into public.marketing_consent_events
    (professional_id, patient_id, scope, action, source, occurred_at, created_at)
  select p_professional_id, patient_id, scope, 'withdrawn', 'erasure', p_erased_at, p_erased_at
  from unnest(p_scope.patient_ids) as patient_id cross join unnest(p_scopes) as scope;
  perform app.project_marketing(p_professional_id, patient_id, null, false)
  from unnest(p_scope.patient_ids) as patient_id;
  perform app.project_marketing(p_professional_id, null, value, false)
  from unnest(p_scope.identities) where kind = 'phone';
  return jsonb_build_object('erased', erased, 'kept', kept);
end
$$;
call app.guard_function('app.erase_consent(uuid, app.contact_scope, text[], timestamptz)');

-- Files of the conversations, below the professional's own folder. One that we sent may also have gone to others or belong
-- to a campaign: then it is not the contact's. A document of an earlier export is.
create function app.files_of(p_professional_id uuid, p_scope app.contact_scope) returns text[]
language sql stable set search_path = '' as $$
  with theirs as (
    select storage_path as path from public.marketing_messages
    where conversation_id = any (p_scope.conversation_ids) and storage_path is not null
    union
    select payload -> type ->> 'storage_path' from public.marketing_messages
    where conversation_id = any (p_scope.conversation_ids) and payload -> type ->> 'storage_path' is not null
  ), shared as (
    select payload -> type ->> 'storage_path' as path from public.marketing_messages
    where professional_id = p_professional_id and conversation_id <> all (p_scope.conversation_ids)
      and direction = 'outbound' and payload -> type ->> 'storage_path' in (select path from theirs)
    union
    select storage_path from public.marketing_campaign_assets
    where professional_id = p_professional_id and storage_path in (select path from theirs)
  )
  select coalesce(array_agg(path), '{}')
  from (
    select path from theirs
    where path like p_professional_id || '/%' and path not in (select path from shared)
    union
    select p_professional_id || '/exports/' || entity_id || '.json' from public.marketing_audit_logs
    where professional_id = p_professional_id and entity_type = 'conversation'
      and entity_id = any (p_scope.conversation_ids) and action = 'contact.exported'
  ) as every
$$;
call app.guard_function('app.files_of(uuid, app.contact_scope)');

-- What the rows of others say about the contact: nobody is asked to look any more, no campaign writes to them, and no kept
-- answer of the API holds a wamid, which is their number. The address book of the phone app no longer knows them either.
create function app.erase_mentions(p_professional_id uuid, p_scope app.contact_scope) returns void
language plpgsql set search_path = '' as $$
declare
  subjects constant uuid[] := app.subjects_of(p_scope);
begin
  update public.marketing_alerts set acknowledged_at = now()
  where professional_id = p_professional_id and entity_id = any (subjects) and acknowledged_at is null;
  update public.marketing_campaign_recipients
  set status = case when status = 'pending' then 'skipped' else status end,
      error = case when status = 'pending' then '{"code": "contact_erased"}'::jsonb
              when error is not null then jsonb_build_object('code', error -> 'code') end
  where professional_id = p_professional_id
    and (patient_id = any (p_scope.patient_ids) or message_id = any (subjects));
  update public.idempotency_keys set response_body = response_body || '{"wamid": null}'
  where professional_id = p_professional_id and response_body ? 'wamid'
    and response_body ->> 'conversation_id' = any (p_scope.conversation_ids::text[]);
  delete from public.phone_app_contacts
  where professional_id = p_professional_id
    and phone in (select value from unnest(p_scope.identities) where kind = 'phone');
  delete from public.channel_pace
  where professional_id = p_professional_id and scope = 'pair' and key = any (p_scope.conversation_ids::text[]);
end
$$;
call app.guard_function('app.erase_mentions(uuid, app.contact_scope)');

-- Everything that is the contact's alone. Answers how many rows of each kind went.
create function app.erase_rows(p_professional_id uuid, p_scope app.contact_scope) returns jsonb
language plpgsql set search_path = '' as $$
declare
  counts jsonb := '{}';
  deleted integer;
begin
  delete from public.appointments
  where professional_id = p_professional_id and status = 'held' and conversation_id = any (p_scope.conversation_ids);
  delete from public.message_status_events where id in (select id from app.statuses_about(p_professional_id, p_scope));
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('message_statuses', deleted);
  delete from public.marketing_webhook_events
  where id in (select id from app.parked_about(p_professional_id, p_scope.identities));
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('webhook_events', deleted);
  -- with what the clinic answered below them, which speaks of nobody else
  delete from public.marketing_comments
  where professional_id = p_professional_id
    and (id in (select id from app.comments_of(p_professional_id, p_scope.identities))
         or (payload -> 'from_business' = 'true' and parent_external_id in (
               select external_id from app.comments_of(p_professional_id, p_scope.identities))));
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('comments', deleted);
  delete from public.marketing_slot_offers where conversation_id = any (p_scope.conversation_ids);
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('slot_offers', deleted);
  delete from public.marketing_messages where conversation_id = any (p_scope.conversation_ids);
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('messages', deleted);
  delete from public.marketing_contact_identities where conversation_id = any (p_scope.conversation_ids);
  get diagnostics deleted = row_count;
  counts := counts || jsonb_build_object('identities', deleted);
  delete from public.marketing_conversations where id = any (p_scope.conversation_ids);
  get diagnostics deleted = row_count;
  return counts || jsonb_build_object('conversations', deleted);
end
$$;
call app.guard_function('app.erase_rows(uuid, app.contact_scope)');

-- What stays, counted before anything goes. other_conversations: with somebody else, about the same patient.
create function app.count_kept(p_professional_id uuid, p_scope app.contact_scope) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'patients', cardinality(p_scope.patient_ids),
    'appointments', (select count(*) from app.appointments_of(p_professional_id, p_scope) where status <> 'held'),
    'audit', (select count(*) from public.marketing_audit_logs
              where professional_id = p_professional_id and entity_id = any (app.subjects_of(p_scope))),
    'other_conversations', (select count(*) from public.marketing_conversations
                            where professional_id = p_professional_id and patient_id = any (p_scope.patient_ids)
                              and id <> all (p_scope.conversation_ids)),
    'suppressions', cardinality(p_scope.identities))
$$;
call app.guard_function('app.count_kept(uuid, app.contact_scope)');

create function app.waiting_sends(p_conversation_ids uuid[]) returns integer
language sql stable set search_path = '' as $$
  select count(*)::integer from public.marketing_messages
  where conversation_id = any (p_conversation_ids) and direction = 'outbound'
    and (status = 'queued' or (status = 'sending' and next_attempt_at is not null))
$$;
call app.guard_function('app.waiting_sends(uuid[])');

-- Carries an erasure out under its locks. The files are the caller's to delete: their paths wait in the request.
create function app.carry_out_erasure(p_professional_id uuid, p_scope app.contact_scope, p_actor_id uuid)
returns public.marketing_data_requests
language plpgsql set search_path = '' as $$
declare
  at constant timestamptz := clock_timestamp();
  scopes constant text[] := app.scopes_to_suppress(p_scope.conversation_ids);
  files constant text[] := app.files_of(p_professional_id, p_scope);
  kept constant jsonb := app.count_kept(p_professional_id, p_scope);
  cancelled constant integer := app.waiting_sends(p_scope.conversation_ids);
  request public.marketing_data_requests;
  consent jsonb;
  erased jsonb;
begin
  perform app.suppress(p_professional_id, p_scope.identities, scopes, at);
  consent := app.erase_consent(p_professional_id, p_scope, scopes, at);
  perform app.erase_mentions(p_professional_id, p_scope);
  erased := app.erase_rows(p_professional_id, p_scope);
  insert into public.marketing_data_requests
    (professional_id, kind, conversation_ids, status, pending_paths, completed_at, requested_by, receipt)
  values (
    p_professional_id, 'contact_erasure', p_scope.conversation_ids,
    case when files = '{}' then 'completed' else 'pending_media' end, files, case when files = '{}' then at end,
    p_actor_id,
    jsonb_build_object(
      'erased', erased || jsonb_build_object('consent', consent -> 'erased', 'files', cardinality(files),
                                             'cancelled_sends', cancelled),
      'kept', kept || jsonb_build_object('consent', consent -> 'kept')))
  returning * into request;
  perform app.audit(p_professional_id, 'conversation', p_scope.conversation_id, 'contact.erased', p_actor_id,
                    jsonb_build_object('request_id', request.id, 'conversation_ids', p_scope.conversation_ids));
  return request;
end
$$;
call app.guard_function('app.carry_out_erasure(uuid, app.contact_scope, uuid)');

-- Answers {"outcome": "erased", "request_id", "status", "receipt", "pending_paths"}, again the same for a contact who was
-- erased; not_found; or busy: a message to them is leaving at this moment, and its outcome has to be written down first.
create function public.erase_contact(p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  known jsonb;
  scope app.contact_scope;
  leaving_until timestamptz;
begin
  perform app.take_erasure_lock(p_professional_id);
  known := public.find_erasure(p_professional_id, p_conversation_id);
  if known ->> 'outcome' = 'erased' then
    return known;
  end if;
  scope := app.contact_scope(p_professional_id, p_conversation_id);
  if scope.conversation_id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform from public.marketing_conversations where id = any (scope.conversation_ids) order by id for update;
  select max(send_lease_until) into leaving_until
  from public.marketing_conversations where id = any (scope.conversation_ids);
  if leaving_until > clock_timestamp() then
    return jsonb_build_object('outcome', 'busy');
  end if;
  return app.erasure_answer(app.carry_out_erasure(p_professional_id, scope, p_actor_id));
end
$$;
call app.guard_function('public.erase_contact(uuid, uuid, uuid)');

-- These files are gone; with the last one the request is completed.
create function public.finish_erasure(p_professional_id uuid, p_request_id uuid, p_removed text[]) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  request public.marketing_data_requests;
  remaining text[];
begin
  select * into request from public.marketing_data_requests
  where id = p_request_id and professional_id = p_professional_id and kind = 'contact_erasure' for update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  elsif request.status = 'completed' then
    return app.erasure_answer(request);
  end if;
  remaining := array(select path from unnest(request.pending_paths) as path where path <> all (p_removed));
  update public.marketing_data_requests
  set pending_paths = remaining,
      status = case when remaining = '{}' then 'completed' else 'pending_media' end,
      completed_at = case when remaining = '{}' then clock_timestamp() end
  where id = request.id
  returning * into request;
  return app.erasure_answer(request);
end
$$;
call app.guard_function('public.finish_erasure(uuid, uuid, text[])');
