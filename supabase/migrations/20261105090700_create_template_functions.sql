-- Templates as Meta lists them. They belong to the WhatsApp account, so every number of it has them.

create function app.numbers_of_account(p_professional_id uuid, p_channel_id uuid) returns setof uuid
language sql stable set search_path = '' as $$
  select sibling.id
  from public.marketing_channels asked
  join public.marketing_channel_credentials account on account.id = asked.credential_id
  join public.marketing_channel_credentials credential
    on credential.professional_id = account.professional_id and credential.channel = 'whatsapp'
   and (credential.id = account.id or credential.external_business_id = account.external_business_id)
  join public.marketing_channels sibling on sibling.credential_id = credential.id
  where asked.id = p_channel_id and asked.professional_id = p_professional_id and asked.type = 'whatsapp'
    and sibling.status <> 'disconnected'
$$;
call app.guard_function('app.numbers_of_account(uuid, uuid)');

-- p_complete: the list is all there is, so what it does not name is gone.
create function public.keep_templates(
  p_professional_id uuid, p_channel_id uuid, p_templates jsonb, p_complete boolean
) returns jsonb
language plpgsql security invoker set search_path = '' as $$
declare
  channels constant uuid[] := array(select app.numbers_of_account(p_professional_id, p_channel_id) order by 1);
  gone integer := 0;
begin
  if cardinality(channels) = 0 then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  insert into public.marketing_templates as known
    (professional_id, channel_id, external_id, name, language, category, status, parameter_format, components,
     rejection_reason)
  select p_professional_id, channel_id, external_id, name, language, category, status,
         coalesce(parameter_format, 'POSITIONAL'), coalesce(components, '[]'), nullif(rejection_reason, 'NONE')
  from (
    select distinct on (name, language) *
    from jsonb_to_recordset(p_templates) as told
      (external_id text, name text, language text, category text, status text, parameter_format text, components jsonb,
       rejection_reason text)
    order by name, language
  ) as told
  cross join unnest(channels) as channel_id
  order by channel_id, name, language
  on conflict (channel_id, name, language) do update
  set external_id = coalesce(excluded.external_id, known.external_id), category = excluded.category,
      status = excluded.status, parameter_format = excluded.parameter_format, components = excluded.components,
      rejection_reason = excluded.rejection_reason
  -- whoever polls by updated_at would see a change that is none
  where (known.external_id, known.category, known.status, known.parameter_format, known.components,
         known.rejection_reason)
    is distinct from (coalesce(excluded.external_id, known.external_id), excluded.category, excluded.status,
                      excluded.parameter_format, excluded.components, excluded.rejection_reason);
  if p_complete then
    update public.marketing_templates template set status = 'DELETED', rejection_reason = null
    where template.channel_id = any (channels) and template.status <> 'DELETED' and not exists (
      select from jsonb_to_recordset(p_templates) as told (name text, language text)
      where told.name = template.name and told.language = template.language);
    get diagnostics gone = row_count;
  end if;
  return jsonb_build_object('outcome', 'kept', 'channels', cardinality(channels), 'deleted', gone);
end
$$;
call app.guard_function('public.keep_templates(uuid, uuid, jsonb, boolean)');
