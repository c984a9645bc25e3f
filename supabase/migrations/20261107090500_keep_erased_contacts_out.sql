-- An event that was received before its contact was erased, and waited in a queue meanwhile, must not bring them back.

-- Whether something of these identities came, or was written, before the contact was erased. The two minutes are the
-- difference that Meta's clock and ours may have.
create function app.is_of_erased(
  p_professional_id uuid, p_identities app.identity[], p_received_at timestamptz, p_written_at timestamptz
) returns boolean
language plpgsql set search_path = '' as $$
declare
  hashes text[];
begin
  if not app.has_erased(p_professional_id) then
    return false;
  end if;
  select array_agg(app.contact_hash(p_professional_id, kind, value)) into hashes from unnest(p_identities);
  return exists (
    select from public.contact_suppressions
    where professional_id = p_professional_id and contact_hash = any (hashes)
      and (p_received_at < erased_at or p_written_at < erased_at - interval '2 minutes'));
end
$$;
call app.guard_function('app.is_of_erased(uuid, app.identity[], timestamptz, timestamptz)');

-- Everything in an event nobody understood that may be a number or a user id.
create function app.mentioned_identities(p_raw jsonb) returns app.identity[]
language sql immutable set search_path = '' as $$
  select array_agg(distinct row(kind, value)::app.identity)
  from (
    select 'phone' as kind, app.canonical_phone(found[1]) as value
    from regexp_matches(p_raw::text, '[0-9]{7,17}', 'g') as found
    union all
    select 'user_id', found[1] from regexp_matches(p_raw::text, '[0-9A-Za-z._-]{5,}', 'g') as found
  ) as every
$$;
call app.guard_function('app.mentioned_identities(jsonb)');

-- Whose event it is: the number's or account's, and while that is not linked, whoever had it linked before.
create function app.owners_of_event(p_event jsonb) returns uuid[]
language plpgsql stable set search_path = '' as $$
declare
  channel constant public.marketing_channels := app.channel_of_event(p_event);
begin
  if channel.id is not null then
    return array[channel.professional_id];
  end if;
  return array(
    with holders as (
      select professional_id, status <> 'disconnected' as is_live from public.marketing_channel_credentials
      where case
        when p_event ->> 'phone_number_id' is not null then phone_number_id = p_event ->> 'phone_number_id'
        else external_business_id = coalesce(p_event ->> 'waba_id', p_event ->> 'account_id')
      end
    )
    select distinct professional_id from holders
    where is_live or not exists (select from holders where is_live)
    order by professional_id);
end
$$;
call app.guard_function('app.owners_of_event(jsonb)');

-- What is about a message that was erased, however late it comes: a status, or a reaction, edit or revoke by somebody
-- who has no conversation any more. A status may name nobody; its reference is our own id of a message that is gone.
create function app.is_about_erased(p_channel public.marketing_channels, p_event jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  identities constant app.identity[] := app.event_identities(p_event);
  was_erased constant boolean := app.is_of_erased(p_channel.professional_id, identities, '-infinity', null);
begin
  case p_event ->> 'kind'
    when 'status' then
      return (was_erased or p_event ->> 'reference' is not null)
        and (app.message_of_status(p_channel.id, p_event ->> 'external_id', p_event ->> 'reference')).id is null;
    when 'reaction', 'edit', 'revoke' then
      return was_erased and app.conversation_of(p_channel, identities, false) is null;
    else
      return false;
  end case;
end
$$;
call app.guard_function('app.is_about_erased(public.marketing_channels, jsonb)');

-- Whom an event is about. What nobody understood is searched for names, but only if it came before somebody was erased.
create function app.identities_of_event(p_owner_id uuid, p_event jsonb, p_received_at timestamptz)
returns app.identity[]
language plpgsql stable set search_path = '' as $$
begin
  if p_event ->> 'kind' <> 'unknown' then
    return app.event_identities(p_event)
           || app.identities_of(p_event ->> 'new_phone', p_event ->> 'new_user_id');
  elsif exists (select from public.contact_suppressions
                where professional_id = p_owner_id and erased_at > p_received_at) then
    return app.mentioned_identities(p_event -> 'raw');
  end if;
  return '{}';
end
$$;
call app.guard_function('app.identities_of_event(uuid, jsonb, timestamptz)');

-- Nothing about a contact is looked at before the lock is held: an erasure is over by then, or waits for the event.
create function app.belongs_to_erased(p_event jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  received_at constant timestamptz := coalesce((p_event ->> 'received_at')::timestamptz, now());
  owner_id uuid;
begin
  foreach owner_id in array app.owners_of_event(p_event) loop
    perform app.share_erasure_lock(owner_id);
    if app.has_erased(owner_id) and (
      app.is_of_erased(owner_id, app.identities_of_event(owner_id, p_event, received_at), received_at,
                       app.event_time(p_event))
      or app.is_about_erased(app.channel_of_event(p_event), p_event)) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
call app.guard_function('app.belongs_to_erased(jsonb)');

alter function public.ingest_event(jsonb, integer) set schema app;
alter function app.ingest_event(jsonb, integer) rename to take_in_event;

-- The door: takes in one event, unless it belongs to a contact who was erased after it came. Then nothing of it is kept,
-- and the answer is {"outcome": "erased"}.
create function public.ingest_event(p_event jsonb, p_debounce_seconds integer) returns jsonb
language plpgsql security invoker set search_path = '' as $$
begin
  if p_event ->> 'kind' not in ('account', 'self_test') and app.belongs_to_erased(p_event) then
    return app.event_answer('erased', null, null, null);
  end if;
  return app.take_in_event(p_event, p_debounce_seconds);
end
$$;
call app.guard_function('public.ingest_event(jsonb, integer)');

-- The other way to a new conversation: a person writes to a number. It takes turns with an erasure, too.
create or replace function public.open_conversation(p_professional_id uuid, p_channel_id uuid, p_phone text) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channel public.marketing_channels;
  conversation public.marketing_conversations;
begin
  perform app.share_erasure_lock(p_professional_id);
  select * into channel from public.marketing_channels
  where id = p_channel_id and professional_id = p_professional_id and type = 'whatsapp';
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  conversation := app.lock_conversation(app.conversation_of_contact(channel, p_phone, null), p_professional_id);
  update public.marketing_conversations
  set contact_phone = coalesce(contact_phone, '+' || regexp_replace(p_phone, '[^0-9]', '', 'g')),
      patient_id = coalesce(patient_id, app.find_patient(p_professional_id, p_phone))
  where id = conversation.id and (contact_phone is null or patient_id is null);
  return jsonb_build_object('outcome', 'opened', 'conversation_id', conversation.id);
end
$$;
