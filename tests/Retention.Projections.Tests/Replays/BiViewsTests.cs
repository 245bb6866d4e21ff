using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

/// <summary>The views for BI tools: what they hold, and who sees which tenant.</summary>
public sealed class BiViewsTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task A_reader_sees_its_own_tenant_and_nothing_besides_the_views()
    {
        await FillAsync();
        var role = await ReaderAsync("one");

        (await AsAsync(role, "select string_agg(distinct tenant, ',') from bi.revenue_by_period")).ShouldBe("one");
        (await AsAsync(role, "select sum(revenue)::numeric(10,2)::text from bi.revenue_by_period where grain = 'year' and dimension is null")).ShouldBe("20.00");
        foreach (var view in (string[])["tenants", "activity_by_day", "cohorts", "lifetime_value_by_cohort"])
            (await AsAsync(role, $"select string_agg(distinct tenant, ',') from bi.{view}")).ShouldBe("one", view);
        (await AsAsync(role, "select count(*)::text from bi.answers_by_day union all select count(*)::text from bi.requests_by_day")).ShouldBe("0");
        foreach (var hidden in (string[])["retention.mt_events", "retention.customer_history", "retention.revenue_cells", "retention.bi_readers", "retention.customer_keys"])
            (await Should.ThrowAsync<PostgresException>(() => AsAsync(role, $"select count(*)::text from {hidden}"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, hidden);
        (await Should.ThrowAsync<PostgresException>(() => AsAsync(role, "delete from bi.cohorts"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await fresh.Place.ScalarAsync<string>("select string_agg(distinct tenant, ',' order by tenant) from bi.revenue_by_period")).ShouldBe("one,two", "the owner sees all");
    }

    [Fact]
    public async Task The_views_read_what_a_rebuild_has_made_live()
    {
        await FillAsync();
        var role = await ReaderAsync("two");
        await fresh.Place.RunAsync("update {schema}.revenue_cells set orders = 99");
        await using var replays = new Projections.Replays.Replays(fresh.Place, Shop.Progress, NullLogger<Projections.Replays.Replays>.Instance);
        var rebuild = (await replays.RebuildAsync(null, Stop)).ShouldNotBeNull();
        await replays.EndOf(rebuild);
        rebuild = (await replays.FindAsync(Progress.Everyone, "rebuild", Stop)).ShouldNotBeNull();
        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);

        (await OrdersAsync()).ShouldBe("1");
        await replays.RevertAsync(rebuild, Stop);
        (await OrdersAsync()).ShouldBe("99");
        await replays.RebuildAsync(null, Stop);
        rebuild = (await replays.FindAsync(Progress.Everyone, "rebuild", Stop)).ShouldNotBeNull();
        await replays.EndOf(rebuild);
        await replays.ConfirmAsync(rebuild, Stop);
        (await OrdersAsync()).ShouldBe("1");

        Task<string?> OrdersAsync() => AsAsync(role, "select orders::text from bi.revenue_by_period where grain = 'year' and dimension is null");
    }

    private async Task FillAsync()
    {
        await Shop.AppendAsync("one", [Bought("1", 1), Bought("2", 2)]);
        await Shop.AppendAsync("two", [Bought("1", 1)]);
        await Shop.ReflectAsync();
    }

    private async Task<string> ReaderAsync(string tenant)
    {
        var role = $"reader_{Guid.NewGuid():n}";
        await fresh.Place.RunAsync($"create role {role} login in role retention_bi; insert into {"{schema}"}.bi_readers values ('{tenant}', '{role}')");
        return role;
    }

    private async Task<string?> AsAsync(string role, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(fresh.Place.DataSource.ConnectionString) { Username = role, Pooling = false }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (string?)await command.ExecuteScalarAsync(Stop);
    }

    private static Happening Bought(string order, int day) =>
        new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);
}
