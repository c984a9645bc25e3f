-- What the assistant needs to know of appointments and contacts beyond a first booking.
alter table public.appointments
  add column if not exists confirmed_at timestamptz,
  add column if not exists reminded_at timestamptz,
  add column if not exists chat_change text check (chat_change in ('booked', 'moved', 'cancelled')),
  add column if not exists chat_changed_at timestamptz;
comment on column public.appointments.confirmed_at is 'Who it is for has said that they come.';
comment on column public.appointments.chat_changed_at is
  'When the assistant booked, moved or cancelled it: what nobody was told of yet is told in the next answer.';

alter table public.marketing_conversations
  add column phone_unverified_at timestamptz,
  add column phone_unverified_reason text check (phone_unverified_reason in ('wrong_number', 'not_me', 'identity_changed'));
comment on column public.marketing_conversations.phone_unverified_at is
  'Somebody else may have this phone now: nothing the clinic initiates is sent, no appointment is named or moved.';

-- The slots of a family, one after the other: the contact chooses the first, all are committed or none.
alter table public.marketing_slot_offers
  add column patient_id uuid,
  add column group_id uuid,
  add column group_part integer not null default 0,
  add column moves_appointment_id uuid,
  add foreign key (professional_id, patient_id) references public.patients (professional_id, id)
    on delete set null (patient_id),
  add foreign key (professional_id, moves_appointment_id) references public.appointments (professional_id, id)
    on delete cascade;
comment on column public.marketing_slot_offers.moves_appointment_id is 'Committing the offer moves this appointment.';
create index marketing_slot_offers_patient_id_idx on public.marketing_slot_offers (patient_id) where patient_id is not null;
create index marketing_slot_offers_group_id_idx on public.marketing_slot_offers (group_id) where group_id is not null;
create index marketing_slot_offers_moves_idx
  on public.marketing_slot_offers (moves_appointment_id) where moves_appointment_id is not null;
