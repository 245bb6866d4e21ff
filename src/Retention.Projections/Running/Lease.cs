using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>The process that keeps the read models of a place.</summary>
/// <param name="Process">Its machine and process id.</param>
/// <param name="Epoch">How many owners there were up to and with it.</param>
/// <param name="Since">By the database's clock.</param>
public sealed record Owner(string Process, long Epoch, DateTimeOffset Since);

/// <summary>Another process keeps the read models by now: nothing of this one's is committed any more.</summary>
public sealed class LeaseLostException(long mine, long epoch) : Exception($"Owner {mine} of the projections was followed by owner {epoch}.");

/// <summary>
/// The right to keep the read models of a place, which one process has at a time. It is a row with an end, moved on while its owner lives; a
/// lock of the owner's session says earlier that it has died. Only the database's clock counts. The right changes hands with a new epoch, and
/// the sessions of the owner before are ended, so that one that was merely paused finds itself refused.
/// </summary>
/// <param name="connectionString">With the password, which a data source does not give back.</param>
public sealed partial class Lease(Place place, string connectionString, ILogger<Lease> logger)
{
    public static readonly TimeSpan UsualTerm = TimeSpan.FromSeconds(6);

    public static readonly string ThisProcess = $"{Environment.MachineName}/{Environment.ProcessId}";

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    /// <summary>For how long an owner that is not heard of keeps the right.</summary>
    public TimeSpan Term { get; init; } = UsualTerm;

    /// <summary>How this process is called in the lease.</summary>
    public string Process { get; init; } = ThisProcess;

    /// <summary>Raised when an owner has given the right up.</summary>
    public Signal Released { get; } = new();

    /// <summary>The owner of now; null where there is none.</summary>
    public async Task<Owner?> OwnerAsync(CancellationToken ct)
    {
        await using var command = place.Command("select owner, epoch, since from {schema}.projection_lease where owner is not null");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new Owner(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<DateTimeOffset>(2)) : null;
    }

    /// <summary>Waits until this process has the right. A database that does not answer is waited for.</summary>
    public async Task<Ownership> WaitAsync(CancellationToken ct)
    {
        while (true)
        {
            var released = Released.Next;
            try
            {
                if (await TryTakeAsync(ct) is { } ownership) return ownership;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                LogFault(logger, e);
            }
            await Task.WhenAny(released, Task.Delay(BetweenTries, ct));
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Takes the right where nobody has it.</summary>
    /// <returns>Null where somebody has.</returns>
    public async Task<Ownership?> TryTakeAsync(CancellationToken ct)
    {
        if (!await IsFreeAsync(ct)) return null;
        var session = LeaseSession.Of(place, connectionString);
        try
        {
            if (await session.TakeAsync(Process, Term, ct) is not { } epoch)
            {
                await session.DisposeAsync();
                return null;
            }
            var ownership = new Ownership(place, (connectionString, epoch), (session, Term), logger);
            try
            {
                await ownership.FenceAsync(ct);
            }
            catch
            {
                await ownership.DisposeAsync();
                throw;
            }
            LogTaken(logger, place.Schema, epoch);
            return ownership;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>A look that costs no session of its own.</summary>
    private async Task<bool> IsFreeAsync(CancellationToken ct)
    {
        await using var command = place.Command($"select exists (select from {"{schema}"}.projection_lease where {LeaseSession.Free})");
        command.Parameters.AddWithValue(LeaseSession.LockOf(place));
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This process keeps the projections of {Schema}, as owner {Epoch}.")]
    private static partial void LogTaken(ILogger logger, string schema, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not answer the wish to keep the projections; it is tried again.")]
    private static partial void LogFault(ILogger logger, Exception e);
}
