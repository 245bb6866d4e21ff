using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>Events that are passed over as if they had never been sent: they could not be read or applied, and somebody decided so.</summary>
internal static class SkippedEvents
{
    public static async Task<HashSet<Guid>> AllAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify("select event_id from {schema}.skipped_events"), connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var skipped = new HashSet<Guid>();
        while (await reader.ReadAsync(ct)) skipped.Add(reader.GetGuid(0));
        return skipped;
    }
}
