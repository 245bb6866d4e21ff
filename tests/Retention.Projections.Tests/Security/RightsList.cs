using Retention.Projections.EventLog;

namespace Retention.Projections.Tests;

/// <summary>What each role of the service may do with everything that the catalogue of a database has of it.</summary>
internal static class RightsList
{
    private const string Sql = """
        with roles (role) as (values ('retention_read'::name), ('retention_log'), ('retention_append'), ('retention_project'), ('retention_admin'), ('retention_bi')),
        spaces as (select oid, nspname, nspowner, nspacl from pg_namespace where nspname in ('retention', 'bi')),
        things as (
            select 0 as rank, 'database' as thing, datdba as owner, role, array(select p from unnest(array['create']) p where has_database_privilege(role, d.oid, p)) as may
            from pg_database d, roles where datname = current_database()
            union all
            select 1, 'schema ' || nspname, nspowner, role, array(select p from unnest(array['usage', 'create']) p where has_schema_privilege(role, s.oid, p)) from spaces s, roles
            union all
            select 2, format('%s %s.%s%s', case relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end, nspname, relname, case when relrowsecurity then ' by rows' else '' end),
                relowner, role,
                case when relkind = 'S' then array(select p from unnest(array['select', 'usage', 'update']) p where has_sequence_privilege(role, c.oid, p))
                else array(select p from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p where has_table_privilege(role, c.oid, p))
                    || array(select 'update of ' || attname from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
                             and has_column_privilege(role, c.oid, attnum, 'update') and not has_table_privilege(role, c.oid, 'update') order by attnum) end
            from pg_class c join spaces s on s.oid = c.relnamespace, roles where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
            union all
            select 3, format('function %s.%s', nspname, proname), proowner, role, array(select p from unnest(array['execute']) p where has_function_privilege(role, f.oid, p))
            from pg_proc f join spaces s on s.oid = f.pronamespace, roles)
        (select thing || case when owner = (select nspowner from spaces where nspname = 'retention') then '' else ', of ' || pg_get_userbyid(owner) end
            || coalesce(string_agg(E'\n    ' || role || ': ' || case when cardinality(may) = 7 then 'everything' else array_to_string(may, ', ') end, '' order by role) filter (where cardinality(may) > 0), '')
        from things where rank > 0 or cardinality(may) > 0 group by rank, thing, owner order by rank, thing collate "C")
        union all
        (select format('policy %s of %s.%s for %s to %s', polname, nspname, relname, case polcmd when '*' then 'all' when 'r' then 'select' else polcmd::text end,
            (select string_agg(rolname, ', ' order by rolname) from pg_roles where oid = any(p.polroles)))
        from pg_policy p join pg_class c on c.oid = p.polrelid join spaces s on s.oid = c.relnamespace order by polname, nspname, relname collate "C")
        """;

    public static Task<IReadOnlyList<string>> OfAsync(Place place) => place.LinesAsync(Sql);
}
