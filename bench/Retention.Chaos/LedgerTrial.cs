using Npgsql;
using Retention.Projections.Embedded;

namespace Retention.Chaos;

/// <summary>
/// The service with its own PostgreSQL, under load: each is killed at random moments. Without protection, what is acknowledged is not
/// committed yet; a client that is answered so runs beside the others, and must find losses.
/// </summary>
public static class LedgerTrial
{
    private const int Least = 2;

    public static async Task<Verdict> RunAsync(TrialOptions options, CancellationToken ct)
    {
        await using var node = new Node(null);
        await node.StartAsync(ct);
        var (random, started, kills) = (new Random(options.Seed), TimeProvider.System.GetTimestamp(), new int[2]);
        await using var load = new Load([node], "ledger", options.Seed, careless: options.Control).Start(4);
        await using var careless = new Load([node], "careless", options.Seed, careless: true) { Rate = 100 }.Start(1);
        for (var round = 0; round < Least || TimeProvider.System.GetElapsedTime(started) < options.Duration; round++)
        {
            await load.MoreAsync(random.Next(200, 600), ct);
            var service = round < Least ? round % 2 == 0 : random.Next(2) == 0;
            kills[service ? 0 : 1]++;
            options.Say($"{load.Count} events acknowledged; killing {(service ? "the service" : "PostgreSQL")}");
            if (service) await node.KillAsync();
            else node.KillServers();
            if (service) await node.StartAsync(ct);
        }
        await load.MoreAsync(200, ct);
        await load.StopAsync();
        await careless.StopAsync();
        var verdict = new Verdict().Tell("kills of the service", kills[0]).Tell("kills of PostgreSQL", kills[1]);
        foreach (var (how, times) in load.Refusals) verdict.Tell($"requests sent again after: {how}", times);
        await using var database = NpgsqlDataSource.Create(await EmbeddedPostgres.FindAsync(Path.Combine(node.Folder.FullName, "postgres"), ct) ?? throw new InvalidOperationException("PostgreSQL does not run."));
        var reckoning = new Reckoning(database);
        await reckoning.AddAsync(verdict, load, ct);
        return verdict.AtLeast("lost where it is acknowledged before it is committed", await reckoning.LostAsync(careless, ct), 1)
            .Zero("answers that were neither 200 nor 503 with a problem document", load.Refusals.Where(how => how.Key is not ("none" or "503 database_unavailable")).Sum(how => how.Value))
            .Zero("exit code when it is stopped in order", await node.StopAsync());
    }
}
