using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>Reads stretches of the log by binary COPY on the calling thread, row by row and without keeping any.</summary>
internal static class LogStretch
{
    /// <param name="range">After its first position, up to its last; at most the safe position.</param>
    /// <param name="tenant">The one tenant that is read; null for all.</param>
    public static void Read(NpgsqlConnection connection, Place place, (long After, long UpTo) range, string? tenant, Action<Row> take)
    {
        // COPY takes no parameters; tenant names are [a-z0-9-], and quoted all the same.
        var own = tenant is null ? "" : $"and tenant_id = '{tenant.Replace("'", "''", StringComparison.Ordinal)}'";
        var sql = $$"""
            copy (select {{Row.Columns}} from {schema}.mt_events
                  where seq_id > {{range.After}} and seq_id <= {{range.UpTo}} and not is_archived and type <> 'tombstone' {{own}} order by seq_id)
            to stdout (format binary)
            """;
        using var copy = connection.BeginBinaryExport(place.Qualify(sql));
        var whole = false;
        try
        {
            while (copy.StartRow() >= 0) take(RowOf(copy));
            whole = true;
        }
        finally
        {
            if (!whole) copy.Cancel();
        }
    }

    private static Row RowOf(NpgsqlBinaryExporter copy) => new(
        Position: copy.Read<long>(NpgsqlDbType.Bigint),
        EventId: copy.Read<Guid>(NpgsqlDbType.Uuid),
        Tenant: copy.Read<string>(NpgsqlDbType.Varchar),
        Stream: copy.Read<string>(NpgsqlDbType.Varchar),
        Version: copy.Read<long>(NpgsqlDbType.Bigint),
        Type: copy.Read<string>(NpgsqlDbType.Varchar),
        Data: copy.Read<byte[]>(NpgsqlDbType.Jsonb),
        Headers: HeadersOf(copy),
        RecordedAt: copy.Read<DateTimeOffset>(NpgsqlDbType.TimestampTz));

    private static byte[]? HeadersOf(NpgsqlBinaryExporter copy)
    {
        if (!copy.IsNull) return copy.Read<byte[]>(NpgsqlDbType.Jsonb);
        copy.Skip();
        return null;
    }
}
