-- Who may do what in the database. The roles belong to nobody who signs in:
--   retention_read     answers questions: of our tables it sees the rows of the tenant that the setting retention.tenant names (taken on by
--                      set local role), none without it, and nothing of Marten's tables
--   retention_log      reads the log and all that is beside it, and changes nothing
--   retention_append   stores events and what comes with them
--   retention_project  owns histories, read models and the views of them, since a rebuild puts other tables in their place
--   retention_admin    erases, deletes tenants, sets secrets; a member of retention_project, since it corrects read models
--   retention_bi       is what readers of the views for BI tools are members of
-- Everything else belongs to whoever migrates.
--
-- Applied after every migration and at every start, so that a table that is added later, or a role that an administrator makes later, is
-- not forgotten. It changes nothing, and takes no lock, where all is in place.
do $$
declare
    own constant regnamespace := '{schema}'::regnamespace;
    replays constant text := '{schema}_replay_';
    bi constant regnamespace := case when '{schema}' = 'retention' and to_regprocedure('bi.seen_tenants()') is not null then to_regnamespace('bi') else to_regnamespace('{schema}_bi') end;
    duties constant name[] := array['retention_log', 'retention_append', 'retention_project', 'retention_admin'];
    -- What is made from the log.
    models constant name[] := '{models}';
    -- What opens what is sealed, or lets in.
    secrets constant name[] := array['api_keys', 'webhook_secrets', 'customer_keys', 'bi_readers'];
    seen constant name[] := array['reflections', 'activity_cells', 'revenue_cells', 'cohort_cells', 'clv_cells', 'answer_cells', 'request_cells'];
    -- Whose sessions the roles are for, besides the one that applies this; empty for nobody's.
    service constant text := '{service}';
    -- From PostgreSQL 16 on, whoever makes a role is a member of it and yet may not take it on.
    taken constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
    reads boolean;
    serves boolean;
    shows boolean;
    t record;
begin
    for t in select name from unnest(duties || 'retention_read'::name) name where not exists (select from pg_roles where rolname = name)
    loop
        begin
            execute format('create role %I nologin', t.name);
        exception when insufficient_privilege or duplicate_object or unique_violation then null;
        end;
    end loop;
    for t in
        select r.rolname as granted, member from pg_roles r, unnest(array[current_user, nullif(service, '')::name]) member
        where (rolname = 'retention_read' or rolname = any(duties)) and member is not null and not pg_has_role(member, r.oid, taken)
        union all
        select 'retention_project', rolname from pg_roles
        where rolname = 'retention_admin' and to_regrole('retention_project') is not null and not pg_has_role(oid, 'retention_project', 'member')
    loop
        begin
            execute format('grant %I to %I', t.granted, t.member);
        exception when insufficient_privilege or duplicate_object or unique_violation or invalid_grant_operation then null;
        end;
    end loop;
    reads := exists (select from pg_roles where rolname = 'retention_read');
    serves := (select count(*) from pg_roles where rolname = any(duties)) = cardinality(duties);
    -- Whoever migrates keeps the rights of an owner.
    serves := serves and pg_has_role(current_user, 'retention_project', 'usage') and pg_has_role('retention_admin', 'retention_project', 'usage');
    shows := bi is not null and exists (select from pg_roles where rolname = 'retention_bi');

    if reads and not has_schema_privilege('retention_read', own, 'usage') then execute format('grant usage on schema %s to retention_read', own); end if;
    if serves then
        for t in select name from unnest(duties) name where not has_schema_privilege(name, own, 'usage') loop
            execute format('grant usage on schema %s to %I', own, t.name);
        end loop;
        if not has_schema_privilege('retention_project', own, 'create') then execute format('grant create on schema %s to retention_project', own); end if;
        if not has_database_privilege('retention_project', current_database(), 'create') then
            -- The row of the database is everybody's.
            perform pg_advisory_xact_lock(hashtextextended('retention rights of the database', 0));
            begin
                execute format('grant create on database %I to retention_project', current_database());
            exception when insufficient_privilege then null;
            end;
        end if;
        -- Replays that were begun by an owner of all.
        for t in
            select format('alter schema %I owner to retention_project', n.nspname) as sql from pg_namespace n
            where starts_with(n.nspname, replays) and n.nspowner <> 'retention_project'::regrole
            union all
            select format('alter %s %s owner to retention_project', case c.relkind when 'v' then 'view' else 'table' end, c.oid::regclass)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relowner <> 'retention_project'::regrole and c.relkind in ('r', 'v')
              and (starts_with(n.nspname, replays) or (c.relnamespace = own and c.relname = any(models)))
        loop
            execute t.sql;
        end loop;
    end if;

    for t in
        select c.oid, c.oid::regclass as name, c.relname, c.relnamespace, n.nspname, c.relrowsecurity from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and c.relname not like 'mt\_%'
          and (c.relnamespace = own or (starts_with(n.nspname, replays) and c.relrowsecurity))
          and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
    loop
        if not t.relrowsecurity then execute format('alter table %s enable row level security', t.name); end if;
        if serves and not exists (select from pg_policy where polrelid = t.oid and polname = 'service') then
            execute format('create policy service on %s to %s using (true) with check (true)', t.name, array_to_string(duties, ', '));
        end if;
        if reads and t.relname <> all(secrets) then
            if not exists (select from pg_policy where polrelid = t.oid and polname = 'own_tenant') then
                execute format('create policy own_tenant on %s for select to retention_read using (tenant_id = current_setting(''retention.tenant'', true))', t.name);
            end if;
            if not has_schema_privilege('retention_read', t.relnamespace, 'usage') then execute format('grant usage on schema %I to retention_read', t.nspname); end if;
            if not has_table_privilege('retention_read', t.oid, 'select') then execute format('grant select on %s to retention_read', t.name); end if;
        end if;
        if shows and t.relname = any(seen) and t.relnamespace = own then
            if not exists (select from pg_policy where polrelid = t.oid and polname = 'bi_reader') then
                execute format('create policy bi_reader on %s for select to retention_bi using (tenant_id = any (array(select %s.seen_tenants())))', t.name, bi);
            end if;
            -- Without usage of the schema it reads them by the views alone.
            if not has_table_privilege('retention_bi', t.oid, 'select') then execute format('grant select on %s to retention_bi', t.name); end if;
        end if;
    end loop;

    if serves then
        for t in
            -- A column in brackets stands for a right to that column alone.
            select given.role, c.oid::regclass as name, c.relkind, privilege
            from (
                values
                    ('retention_append', 'mt_events', array['select', 'insert']),
                    ('retention_append', 'mt_streams', array['select', 'insert', 'update (version)', 'update (timestamp)', 'delete']),
                    ('retention_append', 'mt_events_sequence', array['select', 'usage']),
                    ('retention_append', 'tenants', array['select', 'insert']),
                    ('retention_append', 'customer_keys', array['select', 'insert']),
                    ('retention_append', 'retracted_ids', array['select', 'insert', 'update']),
                    ('retention_append', 'imports', array['select', 'insert', 'update']),
                    ('retention_project', 'mt_events', array['select']),
                    ('retention_project', 'mt_events_sequence', array['select']),
                    ('retention_project', 'tenants', array['select']),
                    ('retention_project', 'projection_progress', array['select', 'insert', 'update', 'delete']),
                    ('retention_project', 'projection_lease', array['select', 'update']),
                    ('retention_project', 'log_marks', array['select', 'insert']),
                    ('retention_project', 'retracted_ids', array['select', 'insert', 'update']),
                    ('retention_project', 'skipped_events', array['select', 'insert']),
                    ('retention_project', 'kept_retractions', array['select']),
                    ('retention_project', 'replays', array['select', 'insert', 'update', 'delete']),
                    ('retention_admin', 'mt_events', array['delete']),
                    ('retention_admin', 'mt_streams', array['select', 'update (is_archived)', 'delete']),
                    ('retention_admin', 'tenants', array['insert']),
                    ('retention_admin', 'customer_keys', array['insert', 'update']),
                    ('retention_admin', 'kept_retractions', array['insert', 'update']),
                    ('retention_admin', 'webhook_secrets', array['insert', 'update'])
            ) as given (role, relation, privileges)
            cross join unnest(given.privileges) privilege
            join pg_class c on c.relnamespace = own and c.relname = given.relation
            union all
            -- Also what is added later is read, and goes with its tenant.
            select 'retention_log', c.oid::regclass, c.relkind, 'select' from pg_class c
            where (c.relnamespace = own and c.relkind in ('r', 'p') and (c.relname not like 'mt\_%' or c.relname in ('mt_events', 'mt_streams')))
               or (c.relnamespace = own and c.relname = 'mt_events_sequence')
            union all
            select 'retention_admin', c.oid::regclass, c.relkind, privilege from pg_class c cross join unnest(array['select', 'delete']) privilege
            where c.relnamespace = own and c.relkind in ('r', 'p') and c.relname not like 'mt\_%'
              and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
            union all
            select 'retention_log', c.oid::regclass, c.relkind, 'select' from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where starts_with(n.nspname, replays) and (c.relrowsecurity or c.relkind = 'v')
        loop
            if t.relkind = 'S' then
                if not has_sequence_privilege(t.role, t.name, t.privilege) then execute format('grant %s on sequence %s to %I', t.privilege, t.name, t.role); end if;
            elsif t.privilege like '%(%' then
                if not has_column_privilege(t.role, t.name, substring(t.privilege from '\((.*)\)'), split_part(t.privilege, ' ', 1)) then
                    execute format('grant %s on %s to %I', t.privilege, t.name, t.role);
                end if;
            elsif not has_table_privilege(t.role, t.name, t.privilege) then
                execute format('grant %s on %s to %I', t.privilege, t.name, t.role);
            end if;
        end loop;
        for t in
            select n.nspname from pg_namespace n
            where starts_with(n.nspname, replays) and not has_schema_privilege('retention_log', n.oid, 'usage')
        loop
            execute format('grant usage on schema %I to retention_log', t.nspname);
        end loop;
    end if;

    if bi is not null and serves then
        if not has_schema_privilege('retention_project', bi, 'create') then execute format('grant usage, create on schema %s to retention_project', bi); end if;
        for t in select c.oid::regclass as name from pg_class c where c.relnamespace = bi and c.relkind = 'v' and c.relowner <> 'retention_project'::regrole loop
            execute format('alter view %s owner to retention_project', t.name);
        end loop;
    end if;
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
