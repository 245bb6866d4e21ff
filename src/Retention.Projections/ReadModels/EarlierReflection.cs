using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.ReadModels;

/// <summary>What a tenant's answers reflected at an earlier position: its last event by then, and the settings that were known.</summary>
internal static class EarlierReflection
{
    public static Task<Reflection> AtAsync(Snapshot snapshot, long position, CancellationToken ct) =>
        snapshot.OfLogAsync(() => ReadAsync(snapshot, position, ct), ct);

    private static async Task<Reflection> ReadAsync(Snapshot snapshot, long position, CancellationToken ct)
    {
        if (await LastEventAsync(snapshot, position, ct) is not var (last, recordedAt))
            return Reflection.Nothing with { Settings = snapshot.Place.SettingsOf(Settings.Default) };
        var settings = await SettingsAsync(snapshot, last, ct);
        return snapshot.Latest with { Position = last, RecordedAt = recordedAt, Settings = snapshot.Place.SettingsOf(settings) };
    }

    /// <summary>The tenant's last event at or before a position, and when it was recorded; null before the first.</summary>
    private static async Task<(long Position, DateTimeOffset RecordedAt)?> LastEventAsync(Snapshot snapshot, long position, CancellationToken ct)
    {
        // The notes of batches say after which of the tenant's events to look, so that the events of other tenants are not walked through.
        const string sql = """
            select seq_id, timestamp from {schema}.mt_events
            where tenant_id = $1 and seq_id <= $2 and not is_archived and type <> 'tombstone'
              and seq_id >= coalesce((
                  select after from {schema}.history_changes where tenant_id = $1 and position >= $2 and after <= $2 order by position limit 1), 0)
            order by seq_id desc limit 1
            """;
        await foreach (var row in snapshot.RowsAsync(sql, [position], ct)) return (row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1));
        return null;
    }

    /// <exception cref="UnreadableEventException">The event of the settings cannot be read.</exception>
    private static async Task<Settings> SettingsAsync(Snapshot snapshot, long position, CancellationToken ct)
    {
        const string sql = $$"""
            select {{Row.Columns}} from {schema}.mt_events
            where tenant_id = $1 and stream_id = $3 and seq_id <= $2 and not is_archived and type = $4
            order by version desc limit 1
            """;
        await foreach (var row in snapshot.RowsAsync(sql, [position, CustomerStream.Settings, SettingsChanged.Name], ct))
            return TenantEvents.SettingsOf(Row.From(row).ToEvent());
        return Settings.Default;
    }
}
