-- Media of conversations and campaigns. Private: members read through signed URLs or their session, and everything is
-- written by the service role (uploads by the dashboard go through URLs it signed).
insert into storage.buckets (id, name, public, file_size_limit)
values ('marketing-assets', 'marketing-assets', false, 314572800)
on conflict (id) do nothing;

create policy marketing_assets_select_team on storage.objects for select to authenticated
  using (
    bucket_id = 'marketing-assets'
    and split_part(name, '/', 1) in (select professional_id::text from app.my_professionals() as professional_id)
  );
create policy marketing_assets_all_service on storage.objects for all to service_role
  using (bucket_id = 'marketing-assets') with check (bucket_id = 'marketing-assets');
