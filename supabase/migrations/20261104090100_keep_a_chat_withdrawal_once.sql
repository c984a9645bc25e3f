-- An opt-out in a chat is written down when it is understood. A worker that dies afterwards leaves it to the next one,
-- which understands the same messages: the same decision at the same moment is one row.
create unique index marketing_consent_events_chat_key
  on public.marketing_consent_events (professional_id, contact_kind, contact_value, scope, action, occurred_at)
  where source = 'chat';
