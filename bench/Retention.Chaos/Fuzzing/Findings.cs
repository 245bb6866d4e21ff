using System.Collections.Concurrent;

namespace Retention.Chaos.Fuzzing;

/// <summary>What many clients found: how much was sent, what was answered, and every kind of fault with its first example.</summary>
internal sealed class Findings(Action<string> say)
{
    private readonly ConcurrentDictionary<string, long> sent = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> faults = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, long> statuses = new();
    private string failure = "";
    private long spared;

    /// <summary>Requests by what they were.</summary>
    public IReadOnlyDictionary<string, long> Sent => sent;

    public IReadOnlyDictionary<int, long> Statuses => statuses;

    /// <summary>How often each rule was broken.</summary>
    public IReadOnlyDictionary<string, long> Faults => faults;

    /// <summary>Valid events that were found in the log, though hostile ones were sent along with them.</summary>
    public long Spared => Interlocked.Read(ref spared);

    public void Spare(long events) => Interlocked.Add(ref spared, events);

    /// <summary>Says once of each failure in the service's log what it was and where in the service it came up.</summary>
    public void Hear(string line)
    {
        if (line.Contains("Exception", StringComparison.Ordinal) && !line.Contains(" at ", StringComparison.Ordinal)) failure = line.Trim();
        else if (failure != "" && line.Contains(" at Retention.", StringComparison.Ordinal))
        {
            if (seen.TryAdd($"{failure} {line}", true)) say($"the service failed: {failure} {line.Trim()}");
            failure = "";
        }
    }

    public void Count(string kind, int status)
    {
        sent.AddOrUpdate(kind, 1, (_, before) => before + 1);
        statuses.AddOrUpdate(status, 1, (_, before) => before + 1);
    }

    /// <param name="where">What broke the rule, by a name that it shares with others like it.</param>
    public void Add(string fault, string where, string example)
    {
        faults.AddOrUpdate(fault, 1, (_, before) => before + 1);
        if (seen.TryAdd($"{fault} {where}", true)) say($"! {fault}: {example}");
    }
}
