-- What a voice note says, once a machine wrote it down: beside its message, and in the line that people and the
-- assistant's history read. Written once; who comes second changes nothing.
--
-- {"outcome": "saved" | "kept" | "not_found"}
create function public.save_transcript(p_professional_id uuid, p_message_id uuid, p_transcript jsonb) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  spoken constant text := nullif(btrim(p_transcript ->> 'text'), '');
begin
  if jsonb_typeof(p_transcript -> 'text') is distinct from 'string' then
    raise exception 'a transcript has a text' using errcode = 'invalid_parameter_value';
  end if;
  update public.marketing_messages
  set payload = payload || jsonb_build_object('transcript', p_transcript),
    body = case when spoken is null then body else concat_ws(': ', body, spoken) end
  where professional_id = p_professional_id and id = p_message_id
    and direction = 'inbound' and type = 'audio' and revoked_at is null and not payload ? 'transcript';
  if found then
    return jsonb_build_object('outcome', 'saved');
  end if;
  return jsonb_build_object('outcome', case when exists (
    select from public.marketing_messages
    where professional_id = p_professional_id and id = p_message_id and payload ? 'transcript'
  ) then 'kept' else 'not_found' end);
end
$$;
call app.guard_function('public.save_transcript(uuid, uuid, jsonb)');
