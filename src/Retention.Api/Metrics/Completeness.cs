using System.Collections.Concurrent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>How much of a period is known at a moment: the share of its days that are over, and of their events that have arrived.</summary>
internal sealed record Completeness(Settling Settling, AsOf AsOf)
{
    public static Completeness Of(IEnumerable<DelayedEvents> delays, AsOf asOf) => new(Settling.Of(delays.Select(events => (events.Delay, events.Age, events.Events))), asOf);

    /// <param name="from">Begins before the moment.</param>
    /// <returns>Of the period [from, to); arrived is null where nothing tells.</returns>
    public (double? Elapsed, double? Arrived) Of(DateOnly from, DateOnly to)
    {
        var over = Math.Min(to.DayNumber, AsOf.Day.DayNumber) - from.DayNumber;
        var elapsed = (double)over / (to.DayNumber - from.DayNumber);
        // A day that ended d days ago has events of d to d + 1 days ago: the younger ones decide.
        var arrived = over == 0 ? null : Enumerable.Range(0, over).Select(day => Settling.ArrivedAfter(AsOf.Day.DayNumber - from.DayNumber - day - 1)).Average();
        return (elapsed, arrived);
    }

    /// <summary>elapsed × arrived of a row; null for one of hours, for one that has not begun, and where nothing tells.</summary>
    public double? OfRow(string from, string to)
    {
        if (QueryReader.TryDate(from) is not { } first || QueryReader.TryDate(to) is not { } end || first >= AsOf.Day || first >= end) return null;
        var (elapsed, arrived) = Of(first, end);
        return elapsed * arrived;
    }
}

/// <summary>The latest completeness of tenants: what several metrics of one view ask for is worked out once.</summary>
internal sealed class KnownCompleteness
{
    private const int Most = 1_000;

    private readonly ConcurrentDictionary<(string Schema, string Tenant, Guid Histories, long Position, long Moment), Completeness> known = new();

    public async Task<Completeness> OfAsync(MetricRequest request, CancellationToken ct)
    {
        var (snapshot, asOf) = (request.Snapshot, request.Question.AsOf);
        var key = (snapshot.Place.Schema, snapshot.Tenant, snapshot.Reflection.Histories, snapshot.Reflection.Position, asOf.Moment.UtcTicks);
        if (known.TryGetValue(key, out var found) && found.AsOf == asOf) return found;
        var completeness = Completeness.Of(await Delays.LatestAsync(snapshot, asOf.Moment, ct), asOf);
        if (known.Count >= Most) known.Clear();
        return known[key] = completeness;
    }
}
