using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Projections.Running;

/// <summary>
/// The time for which this process keeps the read models. It is renewed by a thread and a session of its own, so that no batch, however long,
/// and no lack of threads delays it. Disposing gives it up.
/// </summary>
public sealed partial class Ownership : IAsyncDisposable
{
    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(250);

    // What a server does not end within that time still finds itself refused at its commit.
    private static readonly TimeSpan EndingPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    private readonly Place shared;
    private readonly LeaseSession session;
    private readonly TimeSpan term;
    private readonly ILogger logger;
    private readonly CancellationTokenSource lost = new();
    private readonly ManualResetEventSlim ending = new();
    private readonly Thread renewing;

    internal Ownership(Place shared, (string ConnectionString, long Epoch) own, (LeaseSession Session, TimeSpan Term) lease, ILogger logger)
    {
        (this.shared, this.logger, Epoch) = (shared, logger, own.Epoch);
        (session, term) = lease;
        Place = new Place(SourceOf(own.ConnectionString), shared.Schema, historyMemory: 0) { Epoch = Epoch };
        renewing = new Thread(Renew) { IsBackground = true, Name = "lease" };
        renewing.Start();
    }

    public long Epoch { get; }

    /// <summary>The place with sessions of this ownership's own: they end with it, and none is opened once there is another owner.</summary>
    public Place Place { get; }

    /// <summary>Cancelled once another process has the right.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Ends the sessions of owners before, which may still hold a batch open, and makes their commits impossible.</summary>
    /// <exception cref="LeaseLostException">There is another owner already.</exception>
    internal async Task FenceAsync(CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await EndSessionsAsync(ct) > 0 && TimeProvider.System.GetElapsedTime(started) < EndingPatience) await Task.Delay(BetweenLooks, ct);
        // Waits for whoever writes at a user's word now, such as the deletion of a tenant.
        await using var obey = shared.Command("update {schema}.projection_progress set epoch = $1 where tenant_id = '*' and epoch <= $1", Duty.Project);
        obey.Parameters.AddWithValue(Epoch);
        obey.CommandTimeout = 0;
        if (await obey.ExecuteNonQueryAsync(ct) == 0) throw new LeaseLostException(Epoch, Epoch + 1);
    }

    /// <returns>How many there still were.</returns>
    private async Task<long> EndSessionsAsync(CancellationToken ct)
    {
        const string sql = """
            select count(pg_terminate_backend(pid)) from (
                select pid, application_name as name, split_part(application_name, ' ', 3) as epoch from pg_stat_activity
                where datname = current_database() and usename = current_user) owner
            where name = left('retention owner ' || epoch || ' ' || $1, 63) and case when epoch ~ '^[0-9]{1,18}$' then epoch::bigint < $2 else false end
            """;
        await using var batch = shared.BatchOfUser(sql, new NpgsqlParameter { Value = shared.Schema }, new NpgsqlParameter { Value = Epoch });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return reader.GetInt64(0);
    }

    public async ValueTask DisposeAsync()
    {
        ending.Set();
        renewing.Join();
        try
        {
            if (!lost.IsCancellationRequested) await session.ReleaseAsync(Epoch);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            LogKept(logger, e);
        }
        await session.DisposeAsync();
        await Place.DataSource.DisposeAsync();
        ending.Dispose();
        lost.Dispose();
    }

    private void Renew()
    {
        var pause = term / 4;
        while (!ending.Wait(pause))
        {
            try
            {
                pause = term / 4;
                if (session.Renew(Epoch, term)) continue;
                LogLost(logger, Epoch);
                lost.Cancel();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                LogFault(logger, e);
                pause = AfterFault;
            }
        }
    }

    private NpgsqlDataSource SourceOf(string connectionString)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"retention owner {Epoch} {shared.Schema}");
        var builder = new NpgsqlDataSourceBuilder(connectionString) { ConnectionStringBuilder = { ApplicationName = name[..Math.Min(63, name.Length)] } };
        builder.UsePhysicalConnectionInitializer(RefuseLate, RefuseLateAsync);
        return builder.Build();
    }

    private void RefuseLate(NpgsqlConnection opened)
    {
        using var command = EpochOf(opened);
        RefuseLate((long)command.ExecuteScalar()!);
    }

    private async Task RefuseLateAsync(NpgsqlConnection opened)
    {
        await using var command = EpochOf(opened);
        RefuseLate((long)(await command.ExecuteScalarAsync())!);
    }

    private NpgsqlCommand EpochOf(NpgsqlConnection opened) => new(shared.Qualify("select epoch from {schema}.projection_lease"), opened);

    private void RefuseLate(long epoch)
    {
        if (epoch != Epoch) throw new LeaseLostException(Epoch, epoch);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another process keeps the projections now: this one, owner {Epoch}, was not heard of in time.")]
    private static partial void LogLost(ILogger logger, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not answer the owner of the projections; it is tried again.")]
    private static partial void LogFault(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The projections could not be given up; another process takes them over when the lease has run out.")]
    private static partial void LogKept(ILogger logger, Exception e);
}
