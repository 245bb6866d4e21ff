using Retention.Projections.EventLog;

namespace Retention.Projections.Tests;

/// <summary>The catalog against the list in which Marten 9.29 makes its tables, name by name.</summary>
public sealed class SchemaTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private readonly Place place = fresh.Place;

    [Theory]
    [InlineData("mt_streams", new[]
    {
        "tenant_id character varying not null default '*DEFAULT*'::character varying",
        "id character varying not null",
        "type character varying",
        "version bigint",
        "timestamp timestamp with time zone not null default now()",
        "created timestamp with time zone not null default now()",
        "is_archived boolean default false",
    })]
    [InlineData("mt_events", new[]
    {
        "seq_id bigint not null",
        "id uuid not null",
        "stream_id character varying",
        "version bigint not null",
        "data jsonb not null",
        "bdata bytea",
        "type character varying(500) not null",
        "timestamp timestamp with time zone not null",
        "tenant_id character varying default '*DEFAULT*'::character varying",
        "mt_dotnet_type character varying",
        "correlation_id character varying",
        "causation_id character varying",
        "headers jsonb",
        "is_archived boolean default false",
    })]
    [InlineData("mt_event_progression", new[]
    {
        "name character varying not null",
        "last_seq_id bigint",
        "last_updated timestamp with time zone default transaction_timestamp()",
    })]
    [InlineData("mt_high_water_skips", new[]
    {
        "ending_sequence bigint not null",
        "starting_sequence bigint not null",
        "timestamp timestamp with time zone default transaction_timestamp()",
    })]
    public async Task Columns_are_Martens(string table, string[] columns)
    {
        var found = await place.LinesAsync($$"""
            select a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
                   || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = '{schema}.{{table}}'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
            """);
        found.ShouldBe(columns);
    }

    [Fact]
    public async Task Keys_and_constraints_are_Martens()
    {
        var found = await place.LinesAsync("""
            select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
            where conrelid::regclass::text like '{schema}.mt\_%' order by conrelid::regclass::text, conname
            """);
        found.ShouldBe(
        [
            "retention.mt_event_progression pk_mt_event_progression PRIMARY KEY (name)",
            "retention.mt_events fkey_mt_events_stream_id_tenant_id FOREIGN KEY (tenant_id, stream_id) REFERENCES retention.mt_streams(tenant_id, id)",
            "retention.mt_events pkey_mt_events_seq_id PRIMARY KEY (seq_id)",
            "retention.mt_high_water_skips pkey_mt_high_water_skips_ending_sequence PRIMARY KEY (ending_sequence)",
            "retention.mt_streams pkey_mt_streams_tenant_id_id PRIMARY KEY (tenant_id, id)",
        ]);
    }

    [Fact]
    public async Task Indexes_are_Martens_and_no_others()
    {
        var found = await place.LinesAsync(
            "select indexdef from pg_indexes where schemaname = '{schema}' and tablename like 'mt\\_%' order by indexname");
        found.ShouldBe(
        [
            "CREATE UNIQUE INDEX idx_mt_events_event_id ON retention.mt_events USING btree (id)",
            "CREATE UNIQUE INDEX pk_mt_event_progression ON retention.mt_event_progression USING btree (name)",
            "CREATE UNIQUE INDEX pk_mt_events_stream_and_version ON retention.mt_events USING btree (tenant_id, stream_id, version)",
            "CREATE UNIQUE INDEX pkey_mt_events_seq_id ON retention.mt_events USING btree (seq_id)",
            "CREATE UNIQUE INDEX pkey_mt_high_water_skips_ending_sequence ON retention.mt_high_water_skips USING btree (ending_sequence)",
            "CREATE UNIQUE INDEX pkey_mt_streams_tenant_id_id ON retention.mt_streams USING btree (tenant_id, id)",
        ]);
    }

    [Fact]
    public async Task The_sequence_is_a_bigint_without_cache_owned_by_the_position()
    {
        var found = await place.LinesAsync("""
            select format_type(seqtypid, null) || ' ' || seqstart || ' ' || seqincrement || ' ' || seqcache || ' ' || d.refobjid::regclass || ' '
                   || (select attname from pg_attribute where attrelid = d.refobjid and attnum = d.refobjsubid)
            from pg_sequence join pg_depend d on d.objid = seqrelid and d.deptype = 'a'
            where seqrelid = '{schema}.mt_events_sequence'::regclass
            """);
        found.ShouldBe(["bigint 1 1 1 retention.mt_events seq_id"]);
    }

    [Fact]
    public async Task No_trigger_or_function_of_ours_stands_in_the_way()
    {
        (await place.LinesAsync("select tgname::text from pg_trigger where not tgisinternal")).ShouldBeEmpty();
        (await place.LinesAsync("select proname::text from pg_proc where pronamespace = '{schema}'::regnamespace")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_table_of_tenants_data_has_a_key_that_begins_with_the_tenant()
    {
        string[] ofThePlace = ["schema_versions", "store_epoch", "log_marks", "projection_lease", "locked"];
        var keys = await place.LinesAsync("""
            select c.relname || ' ' || coalesce(pg_get_constraintdef(k.oid), 'no key')
            from pg_class c left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
            where c.relnamespace = '{schema}'::regnamespace and c.relkind in ('r', 'p') and c.relname not like 'mt\_%'
            """);
        keys.Where(key => !ofThePlace.Contains(key.Split(' ')[0])).ShouldAllBe(key => key.Contains("PRIMARY KEY (tenant_id"));
    }
}
