-- Public holidays count as closed; these are the ones on which the clinic opens all the same. The table is the host
-- application's, which may have the column already.
alter table public.professionals add column if not exists open_holidays jsonb;
comment on column public.professionals.open_holidays is
  '["2026-12-08"]: local dates on which the clinic opens although they are holidays of holiday_country.';
