using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Security;

/// <summary>
/// The database role that questions are answered by: it sees the rows of one tenant, and no event. It lasts as long as the transaction.
/// Where the service's user may neither make nor take it on, questions are answered as that user, by their statements alone.
/// </summary>
public static class TenantRole
{
    public const string Name = "retention_read";

    /// <summary>What an administrator runs where the service's user may not.</summary>
    public const string Sql = $"create role {Name} nologin; grant {Name} to <the service's user>";

    private const string Enter = "select set_config('retention.tenant', $1, true), set_config('role', $2, true)";

    /// <summary>Takes the role on for the rest of a transaction.</summary>
    internal static async Task EnterAsync(NpgsqlConnection connection, Place place, string tenant, CancellationToken ct)
    {
        if (!place.HasTenantRole) return;
        await using var command = new NpgsqlCommand(Enter, connection) { Parameters = { new() { Value = tenant }, new() { Value = Name } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Lays the role down for that of the session, for what is read of the log.</summary>
    internal static async Task LeaveAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        if (!place.HasTenantRole) return;
        await using var command = new NpgsqlCommand("select set_config('role', $1, true)", connection) { Parameters = { new() { Value = place.Sessions.RoleOf(Duty.Read) } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Takes it on by the first statement of a batch: a question shall not wait for the server once more.</summary>
    internal static void Add(NpgsqlBatch batch, string tenant) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Enter) { Parameters = { new() { Value = tenant }, new() { Value = Name } } });
}
