using System.Text.Json;
using Npgsql;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>
/// A rebuild whose service is killed: the live figures stay, and the next service goes on with what is left and finishes it.
/// </summary>
public sealed class KilledRebuildTests : IDisposable
{
    private readonly TrialFolder folder = new();
    private readonly Random random = new(11);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_rebuild_survives_its_service()
    {
        var service = await UpAsync();
        try
        {
            using var http = RunningInstance.OpenHttp();
            http.BaseAddress = new Uri(folder.Url);
            var tenant = new TestTenant(http, "default");
            await FillAsync(tenant);
            var expected = await FiguresAsync(tenant);

            for (var round = 0; round < 5; round++)
            {
                await http.PostAsync("/v1/rebuild/revert", null, Ct);
                (await tenant.PostAsync("/v1/rebuild", "")).Status.ShouldBe(202);
                await Task.Delay(random.Next(1_500), Ct);
                service = await KilledAndUpAsync(service);

                (await FiguresAsync(tenant)).ShouldBe(expected, $"round {round}");
                (await EndedAsync(tenant)).Root.GetProperty("status").GetString().ShouldBe("switched");
                (await FiguresAsync(tenant)).ShouldBe(expected, $"after round {round}");
            }
            (await tenant.PostAsync("/v1/rebuild/confirm", "")).Status.ShouldBe(200);
            (await FiguresAsync(tenant)).ShouldBe(expected);
        }
        finally
        {
            service.Dispose();
        }
    }

    [Fact]
    public async Task Customers_that_were_folded_before_the_kill_are_not_folded_again()
    {
        var service = await UpAsync();
        try
        {
            using var http = RunningInstance.OpenHttp();
            http.BaseAddress = new Uri(folder.Url);
            var tenant = new TestTenant(http, "default");
            await FillAsync(tenant);
            var expected = await FiguresAsync(tenant);
            await using var database = NpgsqlDataSource.Create($"Host={folder.Data}/postgres/run;Username=retention;Database=retention");

            (await tenant.PostAsync("/v1/rebuild", "")).Status.ShouldBe(202);
            await using (await HeldOnceSomeAreDoneAsync(database)) service = await KilledAndUpAsync(service);

            var rebuild = await EndedAsync(tenant);
            rebuild.Root.GetProperty("status").GetString().ShouldBe("switched", rebuild.Text);
            rebuild.Root.GetProperty("progress").GetProperty("kept").GetInt64().ShouldBeInRange(1, 19_999);
            (await FiguresAsync(tenant)).ShouldBe(expected);
            using var again = RetentionProcess.Start("rebuild", "--status", "--data", folder.Data);
            (await again.EndAsync(Ct)).ShouldBe(0);
            again.Output.ShouldContain("folded before");
            using var own = RetentionProcess.Start("rebuild", "--tenant", "default", "--data", folder.Data);
            (await own.EndAsync(Ct)).ShouldBe(0, own.Errors);
            own.Output.ShouldContain("retention rebuild --tenant default --confirm");
        }
        finally
        {
            service.Dispose();
        }
    }

    private static async Task FillAsync(TestTenant tenant)
    {
        for (var part = 0; part < 10; part++)
        {
            // On many days, so that many cells are counted and a little memory is full again and again.
            var (year, month) = (2022 + (part % 3), 1 + part);
            await tenant.AcceptAsync([.. Enumerable.Range(0, 2_000).Select(number => Order($"c{number}", $"{year}-{month:d2}-{1 + (number % 28):d2}T{number % 24:d2}:00:00Z", number))]);
        }
    }

    private Task<RetentionProcess> UpAsync() => ReadyAsync(folder.Up("--rebuild-memory", "1"));

    private static async Task<RetentionProcess> ReadyAsync(RetentionProcess service)
    {
        await service.UntilAsync("Retention is ready at", Ct);
        return service;
    }

    private async Task<RetentionProcess> KilledAndUpAsync(RetentionProcess service)
    {
        await service.SignalAsync("KILL", Ct);
        await service.EndAsync(Ct);
        service.Dispose();
        return await UpAsync();
    }

    /// <summary>Lets the parts through that are about to be noted as folded, and no more until the connection is closed.</summary>
    private static async Task<NpgsqlConnection> HeldOnceSomeAreDoneAsync(NpgsqlDataSource database)
    {
        await using var first = await HeldBeforeAnyIsDoneAsync(database);
        await UntilWaitedForAsync(database, 1);
        var next = await database.OpenConnectionAsync(Ct);
        await using var hold = new NpgsqlCommand("begin; lock table retention_replay_1.build_parts in share row exclusive mode", next);
        var held = hold.ExecuteNonQueryAsync(Ct);
        await UntilWaitedForAsync(database, 2);
        // Who waits for a lock gets it in the order of waiting.
        await first.CloseAsync();
        await held;
        return next;
    }

    private static async Task<NpgsqlConnection> HeldBeforeAnyIsDoneAsync(NpgsqlDataSource database)
    {
        var connection = await database.OpenConnectionAsync(Ct);
        while (true)
        {
            try
            {
                await using var hold = new NpgsqlCommand("begin; lock table retention_replay_1.build_parts in share mode", connection);
                await hold.ExecuteNonQueryAsync(Ct);
                return connection;
            }
            catch (PostgresException missing) when (missing.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
            {
                // The log is still being read.
                await using var release = new NpgsqlCommand("rollback", connection);
                await release.ExecuteNonQueryAsync(Ct);
            }
        }
    }

    private static async Task UntilWaitedForAsync(NpgsqlDataSource database, int waiting)
    {
        await using var command = database.CreateCommand("select count(*) from pg_locks where relation = 'retention_replay_1.build_parts'::regclass and not granted");
        while ((long)(await command.ExecuteScalarAsync(Ct))! < waiting) await Task.Delay(5, Ct);
    }

    private static async Task<Answer> EndedAsync(TestTenant tenant)
    {
        while (true)
        {
            var rebuild = await tenant.GetAsync("/v1/rebuild");
            if (rebuild.Root.GetProperty("status").GetString() is not "building") return rebuild;
            await Task.Delay(50, Ct);
        }
    }

    private static async Task<string> FiguresAsync(TestTenant tenant)
    {
        var answers = new List<string>();
        foreach (var question in (string[])["/v1/metrics/retention?grain=month", "/v1/metrics/revenue?grain=week", "/v1/cohorts?grain=month"])
            answers.Add(JsonSerializer.Serialize((await tenant.AskAsync($"{question}&asOf=2025-06-01")).Root));
        return string.Join('\n', answers);
    }
}
