using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>Names a store: one that is restored from a backup has another name, since its positions may stand for other events.</summary>
public static class StoreEpoch
{
    public static async Task<Guid> ReadAsync(Place place, CancellationToken ct)
    {
        await using var command = place.Command("select epoch from {schema}.store_epoch");
        return (Guid)(await command.ExecuteScalarAsync(ct))!;
    }
}
