using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Projections.Replays;

/// <summary>An event that is passed over as if it had never been sent.</summary>
public sealed record SkippedEvent(Guid EventId, long Position, string Reason, DateTimeOffset SkippedAt);

/// <summary>
/// Events that are passed over, by whatever makes histories: they stopped their tenant, and were retracted since, or somebody decided so.
/// What is passed over stays in the log and in exports.
/// </summary>
public sealed class SkippedEvents(Place place)
{
    public async Task<IReadOnlyList<SkippedEvent>> OfAsync(string tenant, CancellationToken ct)
    {
        await using var command = place.Command(
            "select event_id, position, reason, skipped_at from {schema}.skipped_events where tenant_id = $1 order by position");
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var skipped = new List<SkippedEvent>();
        while (await reader.ReadAsync(ct))
            skipped.Add(new SkippedEvent(reader.GetGuid(0), reader.GetInt64(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
        return skipped;
    }

    /// <summary>Passes over the event at which a tenant is paused.</summary>
    /// <returns>False where it is not paused at this event (any more).</returns>
    public async Task<bool> SkipAsync(string tenant, Guid eventId, string reason, CancellationToken ct)
    {
        const string sql = """
            insert into {schema}.skipped_events (tenant_id, event_id, position, reason, skipped_at)
            select tenant_id, paused_event, paused_at, $3, clock_timestamp() from {schema}.projection_progress
            where tenant_id = $1 and paused_event = $2 and tenant_id <> '*'
            on conflict (tenant_id, event_id) do nothing
            """;
        await using var command = place.Command(sql, Duty.Administer);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(eventId);
        command.Parameters.AddWithValue(reason);
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    internal static async Task<HashSet<Guid>> AllAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify("select event_id from {schema}.skipped_events"), connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var skipped = new HashSet<Guid>();
        while (await reader.ReadAsync(ct)) skipped.Add(reader.GetGuid(0));
        return skipped;
    }

    /// <summary>The page without the events that are passed over.</summary>
    internal async Task<LogPage> WithoutAsync(LogPage page, CancellationToken ct)
    {
        if (page.Events.Count == 0) return page;
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        var skipped = await AllAsync(connection, place, ct);
        return skipped.Count == 0 ? page : page with { Events = [.. page.Events.Where(stored => !skipped.Contains(stored.EventId))] };
    }

    /// <summary>
    /// Passes over an event that stops its tenant, if it was retracted since: the retraction lies behind it in the log, and is known to the
    /// append.
    /// </summary>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> SkipRetractedAsync(UnreadableEventException fault, CancellationToken ct)
    {
        var stored = fault.Event;
        var name = new SentId(stored.Headers.Source, stored.Headers.Id);
        await using (var command = place.Command("select retractions from {schema}.retracted_ids where tenant_id = $1 and event_id = $2"))
        {
            command.Parameters.AddWithValue(stored.Tenant);
            command.Parameters.AddWithValue(name.ToEventId(stored.Tenant));
            var times = (int?)await command.ExecuteScalarAsync(ct) ?? 0;
            var retracted = stored.IsForeign ? times > 0 : Enumerable.Range(0, times).Any(before => name.ToEventId(stored.Tenant, before) == stored.EventId);
            if (!retracted) return false;
        }
        await using var insert = place.Command("""
            insert into {schema}.skipped_events (tenant_id, event_id, position, reason, skipped_at) values ($1, $2, $3, $4, clock_timestamp())
            on conflict (tenant_id, event_id) do nothing
            """);
        insert.Parameters.AddWithValue(stored.Tenant);
        insert.Parameters.AddWithValue(stored.EventId);
        insert.Parameters.AddWithValue(stored.Position);
        insert.Parameters.AddWithValue($"It was retracted. {fault.Reason}");
        await insert.ExecuteNonQueryAsync(ct);
        return true;
    }
}
