-- A number among the policies, exactly as dentalist.domain.policies reads it (a test keeps both equal): the column is the
-- host application's, so that a number outside of its bounds, a fraction or a text counts as not decided. Null: the
-- clinic wants none, or there is no such number.
create or replace function app.policy(p_policies jsonb, p_name text) returns integer
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(decided) = 'null' and may_be_none then null
    when jsonb_typeof(decided) = 'number' and decided::text ~ '^[0-9]{1,6}$' then
      case when decided::text::integer between low and high then decided::text::integer else otherwise end
    else otherwise
  end
  from (values
    ('max_future_appointments', 1, 20, 3, false),
    ('resume_after_hours', 1, 168, null, true),
    ('ai_answers_per_day', 1, 200, 40, false),
    ('waiting_alert_minutes', 5, 240, 15, false),
    ('reminder_hours', 2, 72, 24, true),
    ('late_after_minutes', 10, 1380, 120, false),
    ('ai_budget_cents', 0, 100000, 100, true)
  ) as known (name, low, high, otherwise, may_be_none)
  cross join lateral (select p_policies -> p_name as decided) as told
  where known.name = p_name
$$;
