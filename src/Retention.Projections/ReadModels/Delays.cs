using Retention.Domain.Events;

namespace Retention.Projections.ReadModels;

/// <summary>Events of one delay and age, in whole days of 24 hours.</summary>
/// <param name="Delay">From occurredAt to recordedAt, 0 for what was sent ahead.</param>
/// <param name="Age">From occurredAt to the moment.</param>
public readonly record struct DelayedEvents(int Delay, int Age, long Events);

/// <summary>
/// How late a tenant's latest events came: a sample that does not grow with the log. An event that occurred before the tenant was
/// made is left out, since it could not have come in time: an import of the past says nothing about delays.
/// </summary>
public static class Delays
{
    /// <summary>The most events that are looked at.</summary>
    public const int MostEvents = 100_000;

    // Of all tenants of the place, so that a tenant that has fallen silent does not make the whole log be read.
    private const int MostPositions = 1_000_000;

    public static Task<IReadOnlyList<DelayedEvents>> LatestAsync(Snapshot snapshot, DateTimeOffset moment, CancellationToken ct) =>
        snapshot.OfLogAsync(() => ReadAsync(snapshot, moment, ct), ct);

    private static async Task<IReadOnlyList<DelayedEvents>> ReadAsync(Snapshot snapshot, DateTimeOffset moment, CancellationToken ct)
    {
        const string sql = """
            with latest as (
                select timestamp, headers ->> 'occurredAt' as occurred from {schema}.mt_events
                where tenant_id = $1 and seq_id <= $2 and seq_id > $2 - $3 and stream_id like $5 || '%' and not is_archived and timestamp <= $6
                  and headers ->> 'occurredAt' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'
                order by seq_id desc limit $4),
            delays as (select extract(epoch from timestamp - occurred::timestamptz) as delay, extract(epoch from $6 - occurred::timestamptz) as age
                       from latest where occurred::timestamptz >= coalesce((select created_at from {schema}.tenants where tenant_id = $1), '-infinity') and occurred::timestamptz < $6)
            select floor(greatest(delay, 0) / 86400)::int, floor(age / 86400)::int, count(*) from delays group by 1, 2
            """;
        var found = new List<DelayedEvents>();
        await foreach (var row in snapshot.RowsAsync(sql, [snapshot.Reflection.Position, MostPositions, MostEvents, CustomerStream.Prefix, moment.ToUniversalTime()], ct))
            found.Add(new(row.GetInt32(0), Math.Max(row.GetInt32(0), row.GetInt32(1)), row.GetInt64(2)));
        return found;
    }
}
