using Npgsql;
using Retention.Api.Configuration;
using Retention.Projections.Backups;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary>The database of a service, for commands that work on it directly: the one that is named, or the private one of a data folder.</summary>
internal static class DatabaseOf
{
    /// <summary>Does something in it, and starts the private one for as long as it takes where nobody runs it.</summary>
    /// <param name="of">
    /// The data folder, and the connection string that the command line gives; null for what the configuration says, which is the owner's
    /// where it names one.
    /// </param>
    /// <param name="alone">Refuse while a service runs on the data folder.</param>
    /// <param name="work">Gets the connection string.</param>
    public static async Task<int> RunAsync((string Data, string? Told) of, bool alone, Func<string, Task<int>> work, CancellationToken ct)
    {
        try
        {
            var folder = Path.GetFullPath(of.Data);
            if ((of.Told ?? Configured()) is { } connection) return await work(connection);
            var postgres = Path.Combine(folder, "postgres");
            await using var dataLock = await DataLock.TryTakeAsync(folder, ct);
            if (dataLock is null && alone) return Screen.Fail($"A service runs on {folder}: stop it first.");
            if (dataLock is null)
                return await EmbeddedPostgres.FindAsync(postgres, ct) is { } running
                    ? await work(running)
                    : Screen.Fail($"The service on {folder} has no private PostgreSQL: give the --connection that it was given.");
            await using var started = await EmbeddedPostgres.StartAsync(new EmbeddedOptions(postgres, line => Screen.Error.WriteLine(line)), ct);
            return await work(started.ConnectionString);
        }
        catch (Exception fault) when (fault is NpgsqlException or PostgresUnavailableException or NewerSchemaException or UnfitServerException
            or UnauthorizedAccessException or ArgumentException or ConfigurationException or BackupException or IOException)
        {
            return Screen.Fail(fault.Message);
        }

        static string? Configured() => EffectiveConfiguration.Load(null, []).Values is { } told ? told.OwnerConnection ?? told.Connection : null;
    }
}
