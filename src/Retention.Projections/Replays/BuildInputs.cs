using System.Security.Cryptography;
using System.Text;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>What a build reads besides the log.</summary>
/// <param name="Stops">The events at which tenants are paused: some can be read, and cannot be applied.</param>
/// <param name="Skipped">Events that are passed over.</param>
/// <param name="Kept">What came of retractions in which erased customers had a part.</param>
internal sealed record BuildInputs(IReadOnlyDictionary<string, Stop> Stops, IReadOnlySet<Guid> Skipped, IReadOnlyList<KeptRetraction> Kept)
{
    public static async Task<BuildInputs> ReadAsync(Place place, CancellationToken ct)
    {
        var rows = await new Progress(place, TimeProvider.System).RowsAsync(ct);
        var stops = rows.Where(row => row.PausedAt is not null)
            .ToDictionary(row => row.Tenant, row => new Stop(row.PausedAt!.Value, row.PausedEvent!.Value, row.PausedReason!), StringComparer.Ordinal);
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        return new BuildInputs(stops, await SkippedEvents.AllAsync(connection, place, ct), await new KeptRetractions(connection, place).AllAsync(ct));
    }

    /// <summary>
    /// Names all that decides what comes of a part of the log, this program included: what was made by another key does not fit to what is made
    /// by this one.
    /// </summary>
    public string KeyOf(ReplayPlan plan)
    {
        var text = new StringBuilder();
        text.AppendJoin('|', typeof(BuildInputs).Module.ModuleVersionId, typeof(Entry).Module.ModuleVersionId, plan.Tenant, plan.UpTo);
        foreach (var (tenant, stop) in Stops.OrderBy(own => own.Key, StringComparer.Ordinal)) text.Append('|').AppendJoin(' ', tenant, stop.Position, stop.Event);
        foreach (var skipped in Skipped.Order()) text.Append('|').Append(skipped);
        foreach (var kept in Kept) text.Append('|').AppendJoin(' ', kept.Tenant, kept.EventId, kept.Position);
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
