using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Security;

/// <summary>The service as it runs: its sessions are of a user who owns nothing, whatever is asked of it.</summary>
public sealed class DividedServiceTests(ServiceFixture service)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_is_asked_is_handled_as_the_owner_of_the_tables()
    {
        var name = $"divided_{Guid.NewGuid():n}"[..20];
        await using var administrator = NpgsqlDataSource.Create(service.ConnectionString);
        await using (var make = administrator.CreateCommand($"create database {name}")) await make.ExecuteNonQueryAsync(Stop);
        var options = service.OptionsFor("retention");
        await using var api = await RunningApi.StartAsync(
            options with { ConnectionString = In(name, options.ConnectionString), OwnerConnectionString = In(name, options.OwnerConnectionString!) }, TimeProvider.System);

        var shop = api.Tenant("shop");
        await shop.AcceptAsync(Order("c-1", "2026-01-05T10:00:00Z"), Order("c-2", "2026-01-06T10:00:00Z"));
        (await shop.PutAsync("/v1/settings", """{"activity":{"kind":"window","days":30}}""")).Status.ShouldBe(200);
        await shop.AskAsync("/v1/metrics/revenue?grain=day");
        await shop.AskAsync("/v1/metrics/revenue?grain=day&tz=Asia/Tokyo");
        await shop.AskAsync("/v1/customers/c-1/timeline");
        (await shop.GetAsync("/v1/events")).Status.ShouldBe(200);
        (await shop.DeleteAsync("/v1/customers/c-2")).Status.ShouldBe(200);
        (await shop.DeleteAsync("/v1/tenants/shop")).Status.ShouldBe(204);

        // The owner's session of the start is about to end.
        while ((await UsersAsync(administrator, name)).Contains("retention")) await Task.Delay(20, Stop);
        (await UsersAsync(administrator, name)).ShouldBe(["retention_service"]);
        await using var owned = NpgsqlDataSource.Create(In(name, service.ConnectionString));
        await using var command = owned.CreateCommand("select count(*) from pg_class where relowner in (select oid from pg_roles where rolname in ('retention_service', 'retention_log', 'retention_append', 'retention_admin'))");
        (await command.ExecuteScalarAsync(Stop)).ShouldBe(0L);
    }

    private static string In(string database, string connection) => new NpgsqlConnectionStringBuilder(connection) { Database = database }.ConnectionString;

    private static async Task<string[]> UsersAsync(NpgsqlDataSource administrator, string database)
    {
        await using var command = administrator.CreateCommand("select array(select distinct usename::text from pg_stat_activity where datname = $1)");
        command.Parameters.AddWithValue(database);
        return (string[])(await command.ExecuteScalarAsync(Stop))!;
    }
}
