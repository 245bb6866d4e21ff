using System.Globalization;
using Npgsql;

namespace Retention.Chaos;

/// <summary>
/// Three processes on one database under load: the owner of the projections is killed, and paused past its lease, in turn. Without protection
/// an order of each owner is counted by the next one as well.
/// </summary>
public static class TakeoverTrial
{
    private const int Least = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        var connection = await store.NewDatabaseAsync(ct);
        var nodes = await Node.StartManyAsync(3, connection, ct);
        try
        {
            await using var database = NpgsqlDataSource.Create(connection);
            var reckoning = new Reckoning(database);
            await using var load = new Load(nodes, "takeover", options.Seed) { Rate = 600 }.Start(4);
            var (verdict, started, slowest, epoch) = (new Verdict(), TimeProvider.System.GetTimestamp(), TimeSpan.Zero, 0L);
            for (var round = 0; round < Least || TimeProvider.System.GetElapsedTime(started) < options.Duration; round++)
            {
                await load.MoreAsync(new Random(options.Seed + round).Next(100, 500), ct);
                var (taken, now) = await RoundAsync(nodes, reckoning, round % 2 == 0, options, ct);
                (slowest, epoch) = (taken > slowest ? taken : slowest, now);
                if (options.Control) await reckoning.CountTwiceAsync(ct);
            }
            await load.StopAsync();
            verdict.Tell("owners", epoch).Below("seconds until another owner has reflected what was acknowledged before", slowest.TotalSeconds, 15);
            foreach (var (how, times) in load.Refusals) verdict.Tell($"requests sent again after: {how}", times);
            await reckoning.AddAsync(verdict, load, ct);
            return verdict;
        }
        finally
        {
            foreach (var node in nodes) await node.DisposeAsync();
        }
    }

    /// <summary>Kills the owner, or pauses it for longer than its lease, and lets it go on once another one has taken over.</summary>
    private static async Task<(TimeSpan Taken, long Epoch)> RoundAsync(IReadOnlyList<Node> nodes, Reckoning reckoning, bool kills, TrialOptions options, CancellationToken ct)
    {
        var (owner, epoch) = await OwnerAsync(nodes, reckoning, 0, ct);
        var (struck, acknowledged) = (TimeProvider.System.GetTimestamp(), await reckoning.ScalarAsync<long>("select last_value from {schema}.mt_events_sequence", ct));
        if (kills) await owner.KillAsync();
        else await owner.PauseAsync();
        var next = await OwnerAsync(nodes, reckoning, epoch, ct);
        await reckoning.ReflectedAsync(acknowledged, ct);
        var taken = TimeProvider.System.GetElapsedTime(struck);
        options.Say(string.Create(CultureInfo.InvariantCulture, $"{(kills ? "killed" : "paused")} owner {epoch}; owner {next.Epoch} has caught up after {taken.TotalSeconds:n1} s"));
        if (kills) await owner.StartAsync(ct);
        else await owner.GoOnAsync();
        return (taken, next.Epoch);
    }

    private static async Task<(Node Node, long Epoch)> OwnerAsync(IReadOnlyList<Node> nodes, Reckoning reckoning, long after, CancellationToken ct)
    {
        for (var since = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(since) < Patience;)
        {
            var text = await reckoning.ScalarAsync<string>("select coalesce(max(owner || ' ' || epoch), '') from {schema}.projection_lease where owner is not null", ct);
            if (text.Split('/', ' ') is [.., var pid, var epoch] && long.Parse(epoch, CultureInfo.InvariantCulture) > after
                && nodes.FirstOrDefault(node => node.IsRunning && $"{node.Pid}" == pid) is { } owner)
                return (owner, long.Parse(epoch, CultureInfo.InvariantCulture));
            await Task.Delay(20, ct);
        }
        throw new TimeoutException($"Nobody has followed owner {after} within {Patience.TotalMinutes} min.");
    }
}
