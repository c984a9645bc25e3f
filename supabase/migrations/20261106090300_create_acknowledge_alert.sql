-- Somebody of the team has seen to an alert. Answers {"outcome": "acknowledged" | "unchanged", "alert": <row>} |
-- {"outcome": "not_found"}; who was first stays.
create function public.acknowledge_alert(p_professional_id uuid, p_alert_id uuid, p_actor_id uuid) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  alert public.marketing_alerts;
begin
  update public.marketing_alerts set acknowledged_at = now(), acknowledged_by = p_actor_id
  where id = p_alert_id and professional_id = p_professional_id and acknowledged_at is null
  returning * into alert;
  if found then
    perform app.audit(p_professional_id, 'alert', alert.id, 'alert.acknowledged', p_actor_id,
                      jsonb_build_object('kind', alert.kind, 'severity', alert.severity));
    return jsonb_build_object('outcome', 'acknowledged', 'alert', to_jsonb(alert));
  end if;
  select * into alert from public.marketing_alerts where id = p_alert_id and professional_id = p_professional_id;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  return jsonb_build_object('outcome', 'unchanged', 'alert', to_jsonb(alert));
end
$$;
call app.guard_function('public.acknowledge_alert(uuid, uuid, uuid)');
