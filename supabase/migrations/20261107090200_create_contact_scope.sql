-- Who a contact is to one professional, and where traces of them may lie: what exporting and erasing share.

-- The same phone or user id on another of the professional's numbers is the same contact; conversations that were
-- merged into theirs are theirs too. A patient's record is not followed: a mother may write for her son.
create type app.contact_scope as (
  conversation_id uuid,
  conversation_ids uuid[],
  identities app.identity[],
  patient_ids uuid[]
);

create function app.identities_within(p_conversation_ids uuid[]) returns app.identity[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg(distinct row(kind, value)::app.identity), '{}')
  from (
    select kind, value from public.marketing_contact_identities where conversation_id = any (p_conversation_ids)
    union all
    select known.kind, known.value
    from public.marketing_conversations conversation
    cross join lateral unnest(app.identities_of(conversation.contact_phone, conversation.contact_user_id)) as known
    where conversation.id = any (p_conversation_ids)
  ) as every
$$;
call app.guard_function('app.identities_within(uuid[])');

create function app.conversations_with(
  p_professional_id uuid, p_conversation_ids uuid[], p_identities app.identity[]
) returns uuid[]
language sql stable set search_path = '' as $$
  select array_agg(id order by id)
  from (
    select unnest(p_conversation_ids) as id
    union
    select id from public.marketing_conversations where merged_into_id = any (p_conversation_ids)
    union
    select identity.conversation_id
    from unnest(p_identities) as known
    cross join public.marketing_channels channel
    join public.marketing_contact_identities identity
      on identity.channel_id = channel.id and identity.kind = known.kind and identity.value = known.value
    where channel.professional_id = p_professional_id
  ) as every
$$;
call app.guard_function('app.conversations_with(uuid, uuid[], app.identity[])');

-- All null when the professional has no such conversation.
create function app.contact_scope(p_professional_id uuid, p_conversation_id uuid) returns app.contact_scope
language plpgsql set search_path = '' as $$
declare
  scope app.contact_scope;
  known integer := 0;
begin
  select id into scope.conversation_id from public.marketing_conversations
  where id = app.live_conversation(p_conversation_id) and professional_id = p_professional_id;
  if scope.conversation_id is null then
    return null;
  end if;
  scope.conversation_ids := array[scope.conversation_id];
  while cardinality(scope.conversation_ids) > known loop
    known := cardinality(scope.conversation_ids);
    scope.identities := app.identities_within(scope.conversation_ids);
    scope.conversation_ids := app.conversations_with(p_professional_id, scope.conversation_ids, scope.identities);
  end loop;
  select coalesce(array_agg(distinct patient_id), '{}') into scope.patient_ids
  from public.marketing_conversations where id = any (scope.conversation_ids) and patient_id is not null;
  return scope;
end
$$;
call app.guard_function('app.contact_scope(uuid, uuid)');

-- The digits under which Meta may write a number, whose canonical form they share.
create function app.phone_spellings(p_phone text) returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select case
    when digits ~ '^54[0-9]{10}$' then array[digits, '549' || substr(digits, 3)]
    when digits ~ '^52[0-9]{10}$' then array[digits, '521' || substr(digits, 3)]
    else array[digits]
  end
  from (select substr(app.canonical_phone(p_phone), 2) as digits) as canonical
$$;
call app.guard_function('app.phone_spellings(text)');

-- A regular expression that finds a contact in a text: their number in any spelling, also as a wamid holds it (base64, at
-- a place where its groups of three bytes begin), and their user ids. Null: nothing to look for.
create function app.contact_pattern(p_identities app.identity[]) returns text
language sql immutable set search_path = '' as $$
  select string_agg(pattern, '|')
  from (
    select '(?<![0-9])' || digits || '(?![0-9])|'
           || left(encode(convert_to(digits, 'UTF8'), 'base64'), length(digits) / 3 * 4) as pattern
    from unnest(p_identities) as known cross join lateral unnest(app.phone_spellings(known.value)) as digits
    where known.kind = 'phone'
    union all
    select '(?<![0-9A-Za-z])' || regexp_replace(known.value, '([^0-9A-Za-z])', '\\\1', 'g') || '(?![0-9A-Za-z])'
    from unnest(p_identities) as known
    where known.kind = 'user_id'
  ) as every
$$;
call app.guard_function('app.contact_pattern(app.identity[])');

-- Parked events that mention the contact. One that came while the number was not linked belongs to nobody yet; it is the
-- professional's when the account is, or was.
create function app.parked_about(p_professional_id uuid, p_identities app.identity[])
returns setof public.marketing_webhook_events
language sql stable set search_path = '' as $$
  select event.*
  from public.marketing_webhook_events event
  where (event.professional_id = p_professional_id
         or event.professional_id is null and exists (
           select from public.marketing_channel_credentials credential
           where credential.professional_id = p_professional_id
             and case when event.phone_number_id is null then credential.external_business_id = event.waba_id
                 else credential.phone_number_id = event.phone_number_id end))
    and event.payload::text ~ (select app.contact_pattern(p_identities))  -- made once, not for each row
$$;
call app.guard_function('app.parked_about(uuid, app.identity[])');

create function app.comments_of(p_professional_id uuid, p_identities app.identity[])
returns setof public.marketing_comments
language sql stable set search_path = '' as $$
  select comment.*
  from public.marketing_comments comment
  where comment.professional_id = p_professional_id
    and comment.author_user_id in (select value from unnest(p_identities) where kind = 'user_id')
$$;
call app.guard_function('app.comments_of(uuid, app.identity[])');

-- What Meta reported about their messages, matched or not: a wamid holds the contact's number.
create function app.statuses_about(p_professional_id uuid, p_scope app.contact_scope)
returns setof public.message_status_events
language sql stable set search_path = '' as $$
  select event.*
  from public.message_status_events event
  where event.professional_id = p_professional_id
    and event.message_id in (select id from public.marketing_messages
                             where conversation_id = any (p_scope.conversation_ids))
  union all
  select event.*
  from public.message_status_events event
  where event.professional_id = p_professional_id and event.message_id is null
    and event.external_id ~ (select app.contact_pattern(p_scope.identities))
$$;
call app.guard_function('app.statuses_about(uuid, app.contact_scope)');

create function app.consent_about(p_professional_id uuid, p_scope app.contact_scope)
returns setof public.marketing_consent_events
language sql stable set search_path = '' as $$
  select event.*
  from public.marketing_consent_events event
  where event.professional_id = p_professional_id
    and (event.patient_id = any (p_scope.patient_ids)
         or event.conversation_id = any (p_scope.conversation_ids)
         or (event.contact_kind, event.contact_value) in (select kind, value from unnest(p_scope.identities)))
$$;
call app.guard_function('app.consent_about(uuid, app.contact_scope)');

create function app.appointments_of(p_professional_id uuid, p_scope app.contact_scope)
returns setof public.appointments
language sql stable set search_path = '' as $$
  select appointment.*
  from public.appointments appointment
  where appointment.professional_id = p_professional_id
    and (appointment.conversation_id = any (p_scope.conversation_ids)
         or appointment.patient_id = any (p_scope.patient_ids))
$$;
call app.guard_function('app.appointments_of(uuid, app.contact_scope)');

-- The conversations and their messages are what alerts and the audit log speak of.
create function app.subjects_of(p_scope app.contact_scope) returns uuid[]
language sql stable set search_path = '' as $$
  select p_scope.conversation_ids || coalesce(
    (select array_agg(id) from public.marketing_messages where conversation_id = any (p_scope.conversation_ids)), '{}')
$$;
call app.guard_function('app.subjects_of(app.contact_scope)');
