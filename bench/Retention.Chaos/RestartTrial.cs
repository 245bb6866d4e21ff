using System.Globalization;
using Npgsql;

namespace Retention.Chaos;

/// <summary>PostgreSQL is killed and starts again, under load: the service goes on by itself. Without protection it stays away.</summary>
public static class RestartTrial
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static async Task<Verdict> RunAsync(TrialOptions options, CancellationToken ct)
    {
        await using var store = await Store.StartAsync(options.Say, ct);
        var connection = await store.NewDatabaseAsync(ct);
        await using var node = new Node(connection);
        await node.StartAsync(ct);
        var (pid, verdict, started, slowest, longest) = (node.Pid, new Verdict(), TimeProvider.System.GetTimestamp(), TimeSpan.Zero, TimeSpan.Zero);
        await using var load = new Load([node], "restart", options.Seed).Start(4);
        for (var round = 0; round < 1 || TimeProvider.System.GetElapsedTime(started) < options.Duration; round++)
        {
            await load.MoreAsync(300, ct);
            if (options.Control) await store.AbandonAsync();
            var struck = TimeProvider.System.GetTimestamp();
            store.Kill();
            if (!options.Control) await store.AnswersAsync(ct);
            var back = TimeProvider.System.GetTimestamp();
            while (!await AnswersAsync(node, load, ct) && TimeProvider.System.GetElapsedTime(back) <= Limit) await Task.Delay(20, ct);
            var (recovered, gone) = (TimeProvider.System.GetElapsedTime(back), TimeProvider.System.GetElapsedTime(struck, back));
            (slowest, longest) = (recovered > slowest ? recovered : slowest, gone > longest ? gone : longest);
            options.Say(string.Create(CultureInfo.InvariantCulture, $"PostgreSQL was away for {gone.TotalSeconds:n1} s; acknowledged, reflected and answered again {recovered.TotalSeconds:n1} s later"));
            if (slowest > Limit) break;
        }
        verdict.Tell("seconds without PostgreSQL at most", longest.TotalSeconds)
            .Below("seconds from its return to an answer that holds a new event", slowest.TotalSeconds, Limit.TotalSeconds)
            .Zero("restarts of the service", node.IsRunning && node.Pid == pid ? 0 : 1);
        foreach (var (how, times) in load.Refusals) verdict.Tell($"requests sent again after: {how}", times);
        if (!verdict.Passed) return verdict;
        await load.StopAsync();
        await using var database = NpgsqlDataSource.Create(connection);
        await new Reckoning(database).AddAsync(verdict, load, ct);
        return verdict;
    }

    /// <summary>Whether an event is acknowledged now, reflected, and answers are given with it.</summary>
    private static async Task<bool> AnswersAsync(Node node, Load load, CancellationToken ct)
    {
        try
        {
            var position = await Asking.SendAsync(node, load.Tenant, ct);
            return position is not null && await Asking.IsAnsweredAsync(node, load.Tenant, $"/v1/metrics/revenue?grain=month&minPosition={position}", ct);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException)
        {
            return false;
        }
    }
}
