using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// The session that holds a lease: it moves the end of the lease on, and keeps a lock for as long as its process lives. It is used by one
/// thread at a time, and opened again after a fault.
/// </summary>
internal sealed class LeaseSession(Place place, string connectionString) : IAsyncDisposable
{
    /// <summary>A lease is free when it has ended, or its owner's session has. $1 is the lock's name without the epoch.</summary>
    public const string Free = "(until <= now() or pg_try_advisory_xact_lock(hashtextextended($1 || epoch, 0)))";

    private NpgsqlConnection? connection;

    public static LeaseSession Of(Place place, string connectionString) =>
        new(place, new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "retention lease", Pooling = false, Timeout = 3, CommandTimeout = 3 }.ConnectionString);

    public static string LockOf(Place place) => $"{place.Schema}.projection_lease ";

    /// <returns>The epoch of the new owner; null where another one has the lease.</returns>
    public async Task<long?> TakeAsync(string process, TimeSpan term, CancellationToken ct)
    {
        connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        const string sql = $"""
            update {"{schema}"}.projection_lease set epoch = epoch + 1, owner = $2, since = now(), until = now() + $3
            where {Free} returning epoch, pg_try_advisory_lock(hashtextextended($1 || epoch, 0))
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection)
        {
            Parameters = { new() { Value = LockOf(place) }, new() { Value = process }, new() { Value = term } },
        };
        return (long?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>Moves the end of the lease on.</summary>
    /// <returns>False where another one has it.</returns>
    public bool Renew(long epoch, TimeSpan term)
    {
        try
        {
            if (connection is null) Open(epoch);
            using var command = new NpgsqlCommand(
                place.Qualify("update {schema}.projection_lease set until = now() + $2 where epoch = $1 and owner is not null"), connection)
            {
                Parameters = { new() { Value = epoch }, new() { Value = term } },
            };
            return command.ExecuteNonQuery() == 1;
        }
        catch
        {
            connection?.Dispose();
            connection = null;
            throw;
        }
    }

    /// <summary>Gives the lease up, and says so to those who wait for it.</summary>
    public async Task ReleaseAsync(long epoch)
    {
        if (connection is null) return;
        await using var command = new NpgsqlCommand(
            place.Qualify("""
                with given as (update {schema}.projection_lease set owner = null, until = '-infinity' where epoch = $1 returning epoch)
                select pg_notify($2, $3) from given
                """), connection)
        {
            Parameters = { new() { Value = epoch }, new() { Value = place.Schema }, new() { Value = Notices.Released } },
        };
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Open(long epoch)
    {
        connection = new NpgsqlConnection(connectionString);
        connection.Open();
        using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1 || $2, 0))", connection)
        {
            Parameters = { new() { Value = LockOf(place) }, new() { Value = epoch.ToString(System.Globalization.CultureInfo.InvariantCulture) } },
        };
        command.ExecuteNonQuery();
    }
}
