-- A second wall between tenants, for the case that a statement forgets to name its tenant. The role retention_read belongs to nobody who
-- signs in: the service takes it on for what a question reads (set local role), and of our tables it sees the rows of the tenant that the
-- setting retention.tenant names, none without it, and nothing of Marten's tables. Owners see everything, as before.
--
-- Applied after every migration and at every start, so that a table that is added later, or a role that an administrator makes later, is
-- not forgotten. It changes nothing, and takes no lock, where all is in place.
do $$
declare
    own constant regnamespace := '{schema}'::regnamespace;
    bi constant regnamespace := case when '{schema}' = 'retention' and to_regprocedure('bi.seen_tenants()') is not null then to_regnamespace('bi') else to_regnamespace('{schema}_bi') end;
    -- What opens what is sealed, or lets in.
    secrets constant name[] := array['api_keys', 'webhook_secrets', 'customer_keys', 'bi_readers'];
    seen constant name[] := array['reflections', 'activity_cells', 'revenue_cells', 'cohort_cells', 'clv_cells', 'answer_cells', 'request_cells'];
    reads boolean;
    shows boolean;
    t record;
begin
    if not exists (select from pg_roles where rolname = 'retention_read') then
        begin
            create role retention_read nologin;
        exception when insufficient_privilege or duplicate_object or unique_violation then null;
        end;
    end if;
    reads := exists (select from pg_roles where rolname = 'retention_read');
    shows := bi is not null and exists (select from pg_roles where rolname = 'retention_bi');
    if reads and not pg_has_role(current_user, 'retention_read', 'member') then
        begin
            execute format('grant retention_read to %I', current_user);
        exception when insufficient_privilege then null;
        end;
    end if;
    if reads and not has_schema_privilege('retention_read', own, 'usage') then execute format('grant usage on schema %s to retention_read', own); end if;

    for t in
        select c.oid, c.oid::regclass as name, c.relname, c.relrowsecurity from pg_class c
        where c.relnamespace = own and c.relkind in ('r', 'p') and c.relname not like 'mt\_%'
          and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
    loop
        if not t.relrowsecurity then execute format('alter table %s enable row level security', t.name); end if;
        if reads and t.relname <> all(secrets) then
            if not exists (select from pg_policy where polrelid = t.oid and polname = 'own_tenant') then
                execute format('create policy own_tenant on %s for select to retention_read using (tenant_id = current_setting(''retention.tenant'', true))', t.name);
            end if;
            if not has_table_privilege('retention_read', t.oid, 'select') then execute format('grant select on %s to retention_read', t.name); end if;
        end if;
        if shows and t.relname = any(seen) then
            if not exists (select from pg_policy where polrelid = t.oid and polname = 'bi_reader') then
                execute format('create policy bi_reader on %s for select to retention_bi using (tenant_id = any (array(select %s.seen_tenants())))', t.name, bi);
            end if;
            -- Without usage of the schema it reads them by the views alone.
            if not has_table_privilege('retention_bi', t.oid, 'select') then execute format('grant select on %s to retention_bi', t.name); end if;
        end if;
    end loop;

    if shows then
        if not has_schema_privilege('retention_bi', bi, 'usage') then
            execute format('grant usage on schema %1$s to retention_bi; grant select on all tables in schema %1$s to retention_bi; grant execute on all functions in schema %1$s to retention_bi', bi);
        end if;
        for t in select c.oid::regclass as name from pg_class c where c.relnamespace = bi and c.relkind = 'v' and not coalesce('security_invoker=true' = any(c.reloptions), false)
        loop
            execute format('alter view %s set (security_invoker = true)', t.name);
        end loop;
    end if;
end
$$
