using System.Globalization;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;

namespace Retention.Api.Metrics;

/// <summary>
/// <c>knownAt</c>: a position, or a time, which stands for the last position recorded at or before it. What was recorded later, settings
/// among it, is as if it were not known.
/// </summary>
internal static class KnownPosition
{
    private const string Name = "knownAt";

    /// <param name="replay">The replay that is asked, which knows nothing after its own position; null for what is live.</param>
    /// <returns>Null where it is not given.</returns>
    /// <exception cref="ProblemException">400 for what is neither, and for a position or a time that is yet to come, or comes after the replay's.</exception>
    public static async Task<long?> ReadAsync(QueryReader query, IServiceProvider services, Replay? replay, CancellationToken ct, string name = Name)
    {
        if (query.Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            var last = await services.GetRequiredService<EventLog>().LastIssuedAsync(ct);
            if (position > last) query.Fault(name, "unknown_position", $"has not been issued; must be a position from 0 to {last}, or a time");
        }
        else if (Timestamp.TryParse(text) is { } time)
        {
            var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
            if (time > now) query.Fault(name, "in_future", $"may not lie in the future; the service's clock says {Timestamp.Format(now)}");
            else position = await services.GetRequiredService<SafePosition>().LastRecordedAsync(time, ct);
        }
        else query.Fault(name, "not_a_position", "must be a position, or an RFC 3339 time with an offset; a + in a URL is written %2B");
        if (position > replay?.UpTo) query.Fault(name, "not_allowed", $"lies after position {replay.UpTo}, up to which the replay {replay.Name} goes");
        query.Done();
        return position;
    }
}
