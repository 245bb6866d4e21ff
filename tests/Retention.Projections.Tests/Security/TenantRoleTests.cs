using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Security;

namespace Retention.Projections.Tests;

/// <summary>The second wall between tenants: what the database shows to the role that questions are answered by.</summary>
public sealed class TenantRoleTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await fresh.InitializeAsync();
        var shop = new Shop(fresh.Place);
        await shop.AppendAsync("one", [Bought("1", 1), Bought("2", 2)]);
        await shop.AppendAsync("two", [Bought("1", 1)]);
        await shop.ReflectAsync();
    }

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task Of_every_table_and_view_a_tenant_sees_its_own_rows_and_no_event()
    {
        var relations = await ListAsync("""
            select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('retention', 'bi') and c.relkind in ('r', 'p', 'v', 'm') order by 1
            """);
        relations.Count.ShouldBeGreaterThan(30);
        await using var connection = await AsTenantAsync("one");
        var (read, filled) = (new List<string>(), 0);
        foreach (var relation in relations)
        {
            var owned = await ListAsync($"select attname from pg_attribute where attrelid = '{relation}'::regclass and attname in ('tenant_id', 'tenant') and not attisdropped");
            if ((await ListAsync($"select (has_schema_privilege('{TenantRole.Name}', relnamespace, 'usage') and has_table_privilege('{TenantRole.Name}', oid, 'select'))::text from pg_class where oid = '{relation}'::regclass"))[0] != "true") continue;
            read.Add(relation);
            relation.ShouldNotContain(".mt_");
            owned.Count.ShouldBe(1, $"{relation} can be read, and does not say whose its rows are");
            var seen = await ListAsync($"select distinct {owned[0]}::text from {relation}", connection);
            seen.ShouldBeSubsetOf(["one"], relation);
            filled += seen.Count;
        }
        filled.ShouldBeGreaterThan(7);
        read.ShouldContain("retention.customer_history");
        read.ShouldNotContain("retention.api_keys");
        read.ShouldNotContain("retention.customer_keys");
        relations.Where(relation => relation.Contains(".mt_", StringComparison.Ordinal)).ShouldContain("retention.mt_events");
    }

    [Fact]
    public async Task Every_table_that_says_whose_its_rows_are_has_a_wall_also_one_that_is_added_later()
    {
        const string open = """
            select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
            where c.relnamespace = 'retention'::regnamespace and c.relkind = 'r' and c.relname not like 'mt\_%' and not c.relrowsecurity
            """;
        (await ListAsync(open)).ShouldBeEmpty();
        await fresh.Place.RunAsync("create table {schema}.later (tenant_id varchar not null primary key); insert into {schema}.later values ('one'), ('two')");
        (await ListAsync(open)).ShouldBe(["later"]);

        await Migrations.ApplyAsync(fresh.Place, Stop);

        (await ListAsync(open)).ShouldBeEmpty();
        await using var connection = await AsTenantAsync("two");
        (await ListAsync("select tenant_id from retention.later", connection)).ShouldBe(["two"]);
    }

    [Fact]
    public async Task Without_a_tenant_nothing_is_seen_and_the_role_changes_nothing()
    {
        await using var connection = await AsTenantAsync("");
        (await ListAsync("select tenant_id from retention.revenue_cells", connection)).ShouldBeEmpty();
        foreach (var change in (string[])["delete from retention.revenue_cells", "insert into retention.tenants values ('x', now())", "create table retention.x ()", "select * from retention.mt_events"])
            (await Should.ThrowAsync<PostgresException>(() => ListAsync(change, connection))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, change);
    }

    [Fact]
    public async Task A_statement_of_a_question_that_forgets_its_tenant_reads_no_other()
    {
        fresh.Place.HasTenantRole.ShouldBeTrue();
        await using var snapshot = await Snapshot.OpenAsync(fresh.Place, "one", Stop);
        var seen = new HashSet<string>();
        await foreach (var row in snapshot.ExportAsync("select tenant_id from {schema}.revenue_cells where $1 <> ''", Stop)) seen.Add(row.GetString(0));
        seen.ShouldBe(["one"]);

        // What was known earlier is asked of the log, and then the wall stands again.
        await snapshot.RewindAsync(1, Stop);
        snapshot.Reflection.Position.ShouldBe(1);
        await Should.ThrowAsync<PostgresException>(async () =>
        {
            await foreach (var _ in snapshot.ExportAsync("select seq_id from {schema}.mt_events where $1 <> ''", Stop)) { }
        });
    }

    [Fact]
    public async Task A_user_who_may_not_make_roles_is_served_without_the_second_wall()
    {
        var name = $"owner_{Guid.NewGuid():n}"[..20];
        await fresh.Place.RunAsync($"create role {name} login; create schema {name}_s authorization {name}; grant create on database \"{DatabaseOf(fresh.Place)}\" to {name}");
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(fresh.Place.DataSource.ConnectionString) { Username = name, Pooling = false }.ConnectionString);
        var place = new Place(source, $"{name}_s");

        await Migrations.ApplyAsync(place, Stop);

        place.HasTenantRole.ShouldBeFalse();
        await using (var snapshot = await Snapshot.OpenAsync(place, "one", Stop)) snapshot.Reflection.ShouldBe(Reflection.Nothing);
        await fresh.Place.RunAsync($"grant {TenantRole.Name} to {name}");
        await Migrations.ApplyAsync(place, Stop);
        place.HasTenantRole.ShouldBeTrue();
        await using (var snapshot = await Snapshot.OpenAsync(place, "one", Stop)) snapshot.Reflection.ShouldBe(Reflection.Nothing);
    }

    private static string DatabaseOf(Place place) => new NpgsqlConnectionStringBuilder(place.DataSource.ConnectionString).Database!;

    private async Task<NpgsqlConnection> AsTenantAsync(string tenant)
    {
        var connection = await fresh.Place.DataSource.OpenConnectionAsync(Stop);
        await using var command = new NpgsqlCommand($"select set_config('retention.tenant', '{tenant}', false), set_config('role', '{TenantRole.Name}', false)", connection);
        await command.ExecuteNonQueryAsync(Stop);
        return connection;
    }

    private async Task<List<string>> ListAsync(string sql)
    {
        await using var connection = await fresh.Place.DataSource.OpenConnectionAsync(Stop);
        return await ListAsync(sql, connection);
    }

    private static async Task<List<string>> ListAsync(string sql, NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var list = new List<string>();
        while (await reader.ReadAsync(Stop)) list.Add(reader.GetString(0));
        return list;
    }

    private static Happening Bought(string order, int day) => new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);
}
