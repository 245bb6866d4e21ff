using System.Globalization;
using Retention.Chaos.Fuzzing;

namespace Retention.Chaos;

/// <summary>
/// Hostile requests: events, files and questions with something wrong in them, made by FsCheck and from the description of the API, and then
/// bodies without end. Each is answered by a clear refusal, spares its valid neighbours and costs bounded memory. Without protection, the
/// service holds documents of any size.
/// </summary>
public static class FuzzTrial
{
    private const int Clients = 3;

    /// <summary>In MB: what the service has for itself after a while, and six times the largest document.</summary>
    private const long MostMemory = 1_000;

    /// <summary>A trial that is shorter sends smaller bodies.</summary>
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(10);

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        var findings = new Findings(options.Say);
        var (size, limits) = options.Control ? (128L << 20, Documents(8L << 30)) : options.Duration < Whole ? (17L << 20, Documents(16L << 20)) : (1L << 30, []);
        await using var node = new Node(await store.NewDatabaseAsync(ct)) { Hears = findings.Hear, Limits = limits };
        await node.StartAsync(ct);
        var pid = node.Pid;
        await FuzzAsync(node, findings, options, ct);
        var memory = await new Giants(node, findings, options.Say).SendAsync(size, ct);
        using var alive = await node.Client.GetAsync("/health/ready", ct);
        return ToVerdict(findings)
            .Below("most memory of the service beside bodies without end, MB", memory, MostMemory)
            .Zero("processes of the service that ended, or are not ready", alive.IsSuccessStatusCode && node.IsRunning && node.Pid == pid ? 0 : 1);
    }

    private static async Task FuzzAsync(Node node, Findings findings, TrialOptions options, CancellationToken ct)
    {
        var operations = await Operation.AllAsync(node.Client, ct);
        var fuzzers = Enumerable.Range(0, Clients).Select(number => new Fuzzer(node, operations, findings, (number, options.Seed))).ToList();
        try
        {
            await Task.WhenAll(fuzzers.Select(fuzzer => fuzzer.SetUpAsync(ct)));
            await Task.WhenAll(fuzzers.Select(fuzzer => fuzzer.RunAsync(options.Duration, ct)));
            await Task.WhenAll(fuzzers.Select(fuzzer => fuzzer.SettleAsync(ct)));
        }
        finally
        {
            foreach (var fuzzer in fuzzers) fuzzer.Dispose();
        }
    }

    private static Dictionary<string, long> Documents(long bytes) => new() { ["DOCUMENT_BYTES"] = bytes, ["DOCUMENT_MEMORY"] = 16 * bytes };

    private static Verdict ToVerdict(Findings findings)
    {
        var verdict = new Verdict();
        foreach (var (kind, count) in findings.Sent.OrderBy(sent => sent.Key, StringComparer.Ordinal)) verdict.Tell($"requests sent: {kind}", count);
        foreach (var (status, count) in findings.Statuses.OrderBy(answered => answered.Key)) verdict.Tell(string.Create(CultureInfo.InvariantCulture, $"answered {status}"), count);
        verdict.AtLeast("valid events between hostile ones, in the log", findings.Spared, 1).Zero("answers that broke a rule", findings.Faults.Values.Sum());
        foreach (var (fault, count) in findings.Faults) verdict.Zero($"of them {fault}", count);
        return verdict;
    }
}
