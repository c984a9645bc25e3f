-- The events about what the phone app had, at the door.

create function app.ingest_history(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  messages constant app.past_message[] := app.past_messages(p_channel, p_event);
  answer jsonb := app.event_answer('duplicate', p_channel, null, null);
  conversation public.marketing_conversations;
  added integer;
begin
  if jsonb_array_length(p_event -> 'not_understood') > 0 then
    answer := app.park_part(p_event, p_channel);
  end if;
  if messages = '{}' then
    return answer;
  end if;
  conversation := app.lock_conversation(app.conversation_of(p_channel, app.event_identities(p_event)));
  added := app.add_past_messages(conversation, messages);
  perform app.complete_past_messages(p_channel.id, messages);
  perform app.advance_past_statuses(p_channel.id, messages);
  perform app.apply_past_changes(p_channel.id, messages);
  perform app.note_history(conversation, p_event, messages);
  perform app.withdraw_as_written(conversation.id, messages);
  perform app.leave_to_people(conversation, p_event ->> 'contact_phone');
  -- A file comes with its message alone. Nobody is woken, whatever the conversation owes.
  return app.event_answer(
    case when added > 0 then 'stored' else 'duplicate' end, p_channel, conversation.id,
    (select id from public.marketing_messages
     where channel_id = p_channel.id and external_id = messages[1].external_id and cardinality(messages) = 1)
  ) || '{"wake": null}';
end
$$;
call app.guard_function('app.ingest_history(public.marketing_channels, jsonb)');

-- Once for each time the number was linked. What still waits in a queue at that moment is not among the counts.
create function app.audit_history(p_channel public.marketing_channels) returns boolean
language plpgsql set search_path = '' as $$
declare
  counts record;
begin
  perform pg_advisory_xact_lock(hashtextextended('history:' || p_channel.id, 0));
  if exists (select from public.marketing_audit_logs
             where professional_id = p_channel.professional_id and entity_type = 'channel'
               and entity_id = p_channel.id and action = 'channel.history_imported'
               and created_at >= p_channel.linked_at) then
    return false;
  end if;
  select count(*) as messages, count(distinct conversation_id) as conversations into counts
  from public.marketing_messages where channel_id = p_channel.id and imported_at >= p_channel.linked_at;
  perform app.audit(p_channel.professional_id, 'channel', p_channel.id, 'channel.history_imported', null,
                    to_jsonb(counts));
  return true;
end
$$;
call app.guard_function('app.audit_history(public.marketing_channels)');

-- How far Meta is with the history; or that the clinic declined to share it, the consequence of which it is told once.
create function app.ingest_history_state(p_channel public.marketing_channels, p_event jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  applied boolean := false;
begin
  if (p_event ->> 'declined')::boolean then
    applied := (public.raise_channel_alert(
      p_channel.professional_id, p_channel.id, 'history_declined', 'info',
      'No se compartió el historial de la app de WhatsApp Business: el asistente no sabe con quiénes ya hablaban y les '
      || 'responde como a contactos nuevos. Podés apagarlo en cada conversación.',
      'history_declined:' || p_channel.id) ->> 'raised')::boolean;
  end if;
  if (p_event ->> 'progress')::integer >= 100 then
    applied := app.audit_history(p_channel) or applied;
  end if;
  return app.event_answer(case when applied then 'applied' else 'duplicate' end, p_channel, null, null);
end
$$;
call app.guard_function('app.ingest_history_state(public.marketing_channels, jsonb)');

create or replace function app.ingest_on_channel(
  p_channel public.marketing_channels, p_event jsonb, p_debounce_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  kind constant text := p_event ->> 'kind';
begin
  case
    when kind = 'status' then return app.ingest_status(p_channel, p_event);
    when kind = 'preference' then return app.ingest_preference(p_channel, p_event);
    when kind = 'comment' then return app.ingest_comment(p_channel, p_event);
    when kind = 'self_test' then return app.ingest_self_test(p_channel, p_event);
    when kind = 'history' then return app.ingest_history(p_channel, p_event);
    when kind = 'history_state' then return app.ingest_history_state(p_channel, p_event);
    when kind = 'contacts' then return app.ingest_contacts(p_channel, p_event);
    when kind in ('message', 'echo', 'reaction', 'edit', 'revoke', 'identity') then
      return coalesce(
        app.duplicate_answer(p_channel, p_event),  -- before anything is created or locked for it
        case kind
          when 'message' then app.ingest_message(p_channel, p_event, p_debounce_seconds)
          when 'echo' then app.ingest_echo(p_channel, p_event)
          when 'identity' then app.ingest_identity(p_channel, p_event)
          else app.ingest_change(p_channel, p_event)
        end);
    else raise exception 'ingest_event: no such kind of event: %', kind using errcode = 'invalid_parameter_value';
  end case;
end
$$;
