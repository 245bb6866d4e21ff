using System.Text.Json;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Projections.ReadModels;

/// <summary>What the histories and read models of a tenant reflect.</summary>
/// <param name="Position">The tenant's last event applied; 0 before the first.</param>
/// <param name="RecordedAt">When that event was recorded; null before the first.</param>
/// <param name="LatestFact">The latest occurredAt in the histories, in UTC ticks; 0 without any.</param>
/// <param name="Histories">Names the histories: others under the same tenant, made anew or of a tenant made again, have another name.</param>
/// <param name="MaintainedBy">The key of the definition that the cells were made by.</param>
public sealed record Reflection(long Position, DateTimeOffset? RecordedAt, long LatestFact, Settings Settings, string MaintainedBy, Guid Histories)
{
    public static Reflection Nothing { get; } = new(0, null, 0, Settings.Default, MaintainedCells.KeyOf(Settings.Default.ToDefinition()), Guid.Empty);

    /// <param name="alone">Whether the transaction sees this tenant alone from here on, where there is a role for it.</param>
    internal static async Task<Reflection> ReadAsync(NpgsqlConnection connection, Place place, string tenant, CancellationToken ct, bool alone = false)
    {
        const string sql = "select position, recorded_at, latest_fact, settings, maintained_by, histories from {schema}.reflections where tenant_id = $1";
        await using var batch = new NpgsqlBatch(connection);
        alone &= place.HasTenantRole;
        if (alone) TenantRole.Add(batch, tenant);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(place.Qualify(sql)) { Parameters = { new() { Value = tenant } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (alone) await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return Nothing;
        var settings = reader.IsDBNull(3) ? Settings.Default : JsonSerializer.Deserialize<Settings>(reader.GetString(3), Settings.Json)!;
        return new Reflection(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt64(2), settings, reader.GetString(4), reader.GetGuid(5));
    }
}
