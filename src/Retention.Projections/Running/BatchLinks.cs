using System.Diagnostics;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>Links from the span of a batch to the appends of its events, which are read only where somebody records the span.</summary>
internal sealed class BatchLinks(Place place)
{
    // What exporters keep of a span by default.
    private const int Most = 128;

    /// <param name="batch">The progress before the batch, and the position after it.</param>
    public async Task AddAsync(Activity span, NpgsqlConnection connection, (ProgressRow From, long To) batch, CancellationToken ct)
    {
        const string sql = """
            select distinct causation_id from {schema}.mt_events
            where seq_id > $1 and seq_id <= $2 and ($3 = '*' or tenant_id = $3) and causation_id is not null limit $4
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(batch.From.Position);
        command.Parameters.AddWithValue(batch.To);
        command.Parameters.AddWithValue(batch.From.Tenant);
        command.Parameters.AddWithValue(Most);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            // Another client of the tables may name its causes differently.
            if (ActivityContext.TryParse(reader.GetString(0), null, out var append)) span.AddLink(new ActivityLink(append));
        }
    }
}
