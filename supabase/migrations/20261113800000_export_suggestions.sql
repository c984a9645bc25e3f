-- A draft that waits for a person is kept of a contact like everything else.
create or replace function public.export_contact(p_professional_id uuid, p_conversation_id uuid, p_actor_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  scope constant app.contact_scope := app.contact_scope(p_professional_id, p_conversation_id);
  subjects constant uuid[] := app.subjects_of(scope);
  document jsonb;
begin
  if scope.conversation_id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select jsonb_build_object(
    'conversations', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_conversations kept where kept.id = any (scope.conversation_ids)),
    'identities', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_contact_identities kept where kept.conversation_id = any (scope.conversation_ids)),
    'messages', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_messages kept where kept.conversation_id = any (scope.conversation_ids)),
    'message_statuses', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.occurred_at), '[]')
      from app.statuses_about(p_professional_id, scope) kept),
    'consent', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.sequence), '[]')
      from app.consent_about(p_professional_id, scope) kept),
    'patients', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.patients kept where kept.professional_id = p_professional_id and kept.id = any (scope.patient_ids)),
    'appointments', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.starts_at), '[]')
      from app.appointments_of(p_professional_id, scope) kept),
    'slot_offers', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_slot_offers kept where kept.conversation_id = any (scope.conversation_ids)),
    'suggestions', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_suggestions kept where kept.conversation_id = any (scope.conversation_ids)),
    'address_book', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.changed_at), '[]')
      from public.phone_app_contacts kept
      where kept.professional_id = p_professional_id
        and kept.phone in (select value from unnest(scope.identities) where kind = 'phone')),
    'comments', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from app.comments_of(p_professional_id, scope.identities) kept),
    'campaigns', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_campaign_recipients kept
      where kept.professional_id = p_professional_id
        and (kept.patient_id = any (scope.patient_ids) or kept.message_id = any (subjects))),
    'webhook_events', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.received_at), '[]')
      from app.parked_about(p_professional_id, scope.identities) kept),
    'alerts', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_alerts kept
      where kept.professional_id = p_professional_id and kept.entity_id = any (subjects)),
    'audit', (select coalesce(jsonb_agg(to_jsonb(kept) order by kept.created_at), '[]')
      from public.marketing_audit_logs kept
      where kept.professional_id = p_professional_id and kept.entity_id = any (subjects))
  ) into document;
  -- An erasure deletes the file in which a large document is handed out, and knows by this row that there may be one.
  perform app.audit(p_professional_id, 'conversation', scope.conversation_id, 'contact.exported', p_actor_id,
                    jsonb_build_object('messages', jsonb_array_length(document -> 'messages')));
  return jsonb_build_object('outcome', 'exported', 'conversation_id', scope.conversation_id, 'document', document);
end
$$;
