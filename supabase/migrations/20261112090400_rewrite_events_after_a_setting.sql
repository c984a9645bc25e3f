-- What the titles of events tell is the clinic's setting; changed, it holds for the events that are there already: a
-- clinic that wants no names in its calendar wants those gone, too.
create function app.rewrite_events() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.appointments
  set calendar_sync_at = null, calendar_retry_at = null
  where professional_id = new.professional_id and status = 'booked' and ends_at > now()
    and calendar_sync_at is not null;
  return null;
end
$$;
create trigger rewrite_events after update of settings on public.marketing_channels
for each row when (
  new.type = 'google_calendar' and old.settings ->> 'event_details' is distinct from new.settings ->> 'event_details'
) execute function app.rewrite_events();
