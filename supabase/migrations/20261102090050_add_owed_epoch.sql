-- Which inbound messages an answer covers. An answer is written for an epoch of its conversation, so each message that
-- moved the epoch remembers which one it moved it to; created_at could not tell two messages of one moment apart.
alter table public.marketing_messages add column owed_epoch integer;
comment on column public.marketing_messages.owed_epoch is
  'The epoch to which this message moved its conversation; unanswered while above its answered_epoch. Null: owes no answer.';
create index marketing_messages_owed_epoch_idx
  on public.marketing_messages (conversation_id, owed_epoch) where owed_epoch is not null;
