using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

public sealed class DeletedTenantTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task A_deleted_tenant_has_no_row_in_any_table_and_its_neighbour_all()
    {
        await FillAsync("gone");
        await FillAsync("stays");
        await fresh.Place.RunAsync("""
            insert into {schema}.imports (tenant_id, id, mapping, dry_run, status, started_at, progress)
            select t, gen_random_uuid(), 'cdnow', false, 'running', now(), '{}' from unnest(array['gone', 'stays']) as t;
            insert into {schema}.projection_progress (tenant_id, position) values ('gone', 0), ('stays', 0);
            insert into {schema}.replays (tenant_id, name, status, up_to, asked, created_at, changed_at)
            select t, 'then', 'ready', 1, '{}', now(), now() from unnest(array['gone', 'stays']) as t;
            insert into {schema}.bi_readers (tenant_id, role_name) values ('gone', 'somebody'), ('stays', 'somebody');
            insert into {schema}.api_keys (tenant_id, prefix, name, scopes, hash, created_at)
            select t, t, '', '{}', '', now() from unnest(array['gone', 'stays']) as t;
            insert into {schema}.webhook_secrets (tenant_id, sender, secret, set_at) values ('gone', 'shopify', '', now()), ('stays', 'shopify', '', now());
            insert into {schema}.kept_retractions select t, gen_random_uuid(), 1, 1, false, '{}', '{}' from unnest(array['gone', 'stays']) as t;
            insert into {schema}.skipped_events (tenant_id, event_id, position, reason, skipped_at)
            select t, gen_random_uuid(), 1, 'trial', now() from unnest(array['gone', 'stays']) as t
            """);
        var before = await RowsAsync("stays");
        (await RowsAsync("gone")).Keys.ShouldBe(before.Keys, ignoreOrder: true);
        before.Keys.ShouldBe(await TablesAsync(), ignoreOrder: true, "every table with a tenant is filled");

        (await Shop.Tenants.DeleteAsync("gone", Stop)).ShouldBeTrue();

        (await RowsAsync("gone")).ShouldBeEmpty();
        (await RowsAsync("stays")).ShouldBe(before);
        (await Shop.Tenants.DeleteAsync("gone", Stop)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_batch_that_was_read_before_the_deletion_leaves_nothing_behind_and_is_read_anew()
    {
        await FillAsync("gone", reflect: false);
        await FillAsync("stays", reflect: false);
        var page = await Shop.Log.ReadAsync(new LogRange(0, await Shop.Log.LastIssuedAsync(Stop), 1_000), Stop);
        var read = page.Events.GroupBy(stored => stored.Tenant).Select(own => TenantEvents.Read(own.Key, [.. own])).ToList();
        var from = (await Shop.Progress.RowsAsync(Stop)).ShouldHaveSingleItem();
        await Shop.Tenants.DeleteAsync("gone", Stop);

        await new BatchApplication(fresh.Place).ApplyAsync(from, page.Last, read, Stop);

        (await RowsAsync("gone")).ShouldBeEmpty();
        await Shop.ReflectAsync();
        (await RowsAsync("gone")).ShouldBeEmpty();
        (await RowsAsync("stays")).Keys.ShouldContain("customer_history");
    }

    private async Task FillAsync(string tenant, bool reflect = true)
    {
        await Shop.Tenants.CreateAsync(tenant, Stop);
        await Shop.SetAsync(tenant, """{"timeZone":"Asia/Kolkata"}""");
        await Shop.AppendAsync(tenant, new Happening("ann", Trial.Start, "shop", "1", What.Bought, "o", 10).ToEnvelope(), Envelope.Of(
            "shop", "2", "ann", Trial.Start, new CustomerEvent.ComplaintReceived("k", null, null, null, null, "a text, for a key")),
            new Happening("ann", Trial.Start, "shop", "3", What.Answered, "nps", Score: 4).ToEnvelope(),
            Envelope.Of("shop", "4", "ann", Trial.Start, new CustomerEvent.EventRetracted("not there yet", null, null)),
            Envelope.Of("shop", "5", "ann", Trial.Start, new CustomerEvent.CustomerMerged("bob")),
            new Happening("ann", Trial.Start, "shop", "6", What.Asked, "nps", Request: "q").ToEnvelope());
        if (reflect) await Shop.ReflectAsync();
    }

    private Task<IReadOnlyList<string>> TablesAsync() => fresh.Place.LinesAsync("""
        select table_name::text from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = '{schema}' and column_name = 'tenant_id' and table_type = 'BASE TABLE'
        """);

    /// <summary>How many rows name a tenant, by table; tables without one are left out.</summary>
    private async Task<Dictionary<string, long>> RowsAsync(string tenant)
    {
        var rows = new Dictionary<string, long>();
        foreach (var table in await TablesAsync())
        {
            var count = await fresh.Place.ScalarAsync<long>($$"""select count(*) from {schema}.{{table}} where tenant_id = '{{tenant}}'""");
            if (count > 0) rows[table] = count;
        }
        return rows;
    }
}
