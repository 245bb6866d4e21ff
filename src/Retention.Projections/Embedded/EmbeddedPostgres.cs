using Npgsql;
using Retention.Projections.Security;

namespace Retention.Projections.Embedded;

/// <summary>
/// A private PostgreSQL of this service: its own data folder, reached only by a socket in a folder closed to others, without a
/// password. It has a database <c>retention</c>, which a role of that name owns, and a role that the service signs in as and that owns nothing.
/// It never runs as root.
/// </summary>
/// <remarks>
/// The server is no child that dies with this process: one that has survived its service's violent end is adopted by the next
/// <see cref="StartAsync"/> on the same folder.
/// </remarks>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    /// <summary>The role that the service signs in as, which owns nothing.</summary>
    public const string Service = "retention_service";

    private const string Name = "retention";

    // Replaying the log after a crash takes as long as it takes; pg_ctl would give up after a minute.
    private const string Patience = "86400";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // A server that has lived so long did not die of what killed the one before.
    private static readonly TimeSpan Sound = TimeSpan.FromMinutes(1);

    private readonly EmbeddedOptions options;
    private readonly Place place;
    private readonly PostgresBinaries binaries;
    private readonly Watch? watch;

    private EmbeddedPostgres(EmbeddedOptions options, Place place, PostgresBinaries binaries, Watch? watch, Version version)
    {
        this.options = options;
        this.place = place;
        this.binaries = binaries;
        this.watch = watch;
        Version = version;
    }

    /// <summary>How Npgsql reaches the database, as the role that owns it.</summary>
    public string ConnectionString => Connection(place, Name, Name).ConnectionString;

    /// <summary>How Npgsql reaches the database as <see cref="Service"/>, which acts in the roles of its duties.</summary>
    public string ServiceConnectionString => Connection(place, Service, Name).ConnectionString;

    /// <summary>The folder of the data, which is not the wanted one where the server's user cannot reach that.</summary>
    public string DataFolder => place.Folder;

    /// <summary>The folder of the socket, as <c>psql -h</c> takes it.</summary>
    public string SocketFolder => place.SocketFolder;

    /// <summary>The version of the running server.</summary>
    public Version Version { get; }

    /// <summary>
    /// Starts the server, after installing PostgreSQL and making the data folder where these are missing, or adopts the one that
    /// runs there already. Returns when it answers.
    /// </summary>
    /// <exception cref="PostgresUnavailableException">No server can be had; the message says what to do.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedOptions options, CancellationToken ct = default)
    {
        if (!OperatingSystem.IsLinux())
            throw new PostgresUnavailableException("The private PostgreSQL is for Linux only: give the connection string of a server.");
        var major = await Place.MajorOfAsync(options.DataFolder, ct);
        var binaries = await PostgresBinaries.FindOrInstallAsync(major, options.Say, ct);
        var place = await Place.PrepareAsync(options, ct);
        await binaries.CheckReachableAsync(place.Account, ct);

        var watch = options.Throwaway ? Watch.Over(place, binaries) : null;
        try
        {
            if (await Postmaster.SettleAsync(place.Cluster, ct))
                options.Say($"Adopting the PostgreSQL that already runs on {place.Folder}.");
            else
                await LaunchAsync(place, binaries, options, ct);
            return new EmbeddedPostgres(options, place, binaries, watch, await OpenHouseAsync(place, ct));
        }
        catch
        {
            await StopAsync(place, binaries, CancellationToken.None);
            if (watch is not null)
                await watch.DisposeAsync();
            throw;
        }
    }

    /// <summary>How Npgsql reaches the server that runs on a folder already, which stays as it is; null where there is none.</summary>
    public static async Task<string?> FindAsync(string dataFolder, CancellationToken ct) =>
        await Place.FindAsync(dataFolder, ct) is { } place && Postmaster.IsRunning(place.Cluster) ? Connection(place, Name, Name).ConnectionString : null;

    /// <summary>
    /// Starts the server again whenever it dies, after a pause that doubles while it keeps dying. Runs until cancelled; whoever wants to
    /// stop the server cancels it first.
    /// </summary>
    public async Task KeepRunningAsync(CancellationToken ct)
    {
        var pause = ShortestPause;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var since = TimeProvider.System.GetTimestamp();
                while (Postmaster.IsRunning(place.Cluster)) await Task.Delay(BetweenLooks, ct);
                if (TimeProvider.System.GetElapsedTime(since) > Sound) pause = ShortestPause;
                options.Say("PostgreSQL has died; it is started again.");
                await Task.Delay(pause, ct);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await LaunchAsync(place, binaries, options, ct);
                options.Say("PostgreSQL runs again.");
            }
            catch (PostgresUnavailableException fault)
            {
                options.Say(fault.Message);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Ends all connections and stops the server in order; done already where it does not run.</summary>
    public Task StopAsync(CancellationToken ct = default) => StopAsync(place, binaries, ct);

    /// <summary>Stops the server; a throwaway one leaves nothing behind.</summary>
    public async ValueTask DisposeAsync()
    {
        if (watch is null)
            await StopAsync();
        else
            await watch.DisposeAsync();
    }

    private static async Task LaunchAsync(Place place, PostgresBinaries binaries, EmbeddedOptions options, CancellationToken ct)
    {
        if (!Directory.Exists(place.Cluster))
            options.Say($"PostgreSQL {binaries.Version} is making its data folder {place.Folder} …");
        await Cluster.MakeAsync(place, binaries, options, ct);
        await Cluster.SetAsync(place, binaries, options, ct);
        await Postmaster.ClearStaleAsync(place, ct);
        if (File.Exists(place.Log))
            await place.Account.RunAsync(["mv", "-f", place.Log, $"{place.Log}.previous"], ct);
        string[] start = [binaries.PgCtl, "start", "-w", "-s", "-t", Patience, "-D", place.Cluster, "-l", place.Log];
        var started = await place.Account.TryAsync(start, ct);
        if (started.ExitCode != 0)
            throw new PostgresUnavailableException(
                $"PostgreSQL {binaries.Version} did not start on {place.Folder}: {started.Errors.Trim()} "
                + $"Its log says:\n{await File.ReadAllTextAsync(place.Log, CancellationToken.None)}");
    }

    // Each part is made only where it is missing: a crash between any two of them is completed by the next start.
    private static async Task<Version> OpenHouseAsync(Place place, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(Connection(place, "postgres", "postgres").ConnectionString);
        await connection.OpenAsync(ct);
        if (!await ExistsAsync("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"))
            await ExecuteAsync($"CREATE ROLE {Name} LOGIN CREATEDB IN ROLE pg_monitor, pg_checkpoint");
        // The owner may make no roles, and so none that it could be misled to make.
        await ExecuteAsync($"""
            DO $$ DECLARE role name; BEGIN
                FOREACH role IN ARRAY ARRAY['{string.Join("', '", [TenantRole.Name, "retention_bi", .. Duties.Roles])}'] LOOP
                    IF to_regrole(role) IS NULL THEN EXECUTE format('CREATE ROLE %I NOLOGIN', role); END IF;
                END LOOP;
                IF to_regrole('{Service}') IS NULL THEN CREATE ROLE {Service} LOGIN NOINHERIT; END IF;
                FOREACH role IN ARRAY ARRAY['{string.Join("', '", [TenantRole.Name, .. Duties.Roles])}'] LOOP
                    IF NOT pg_has_role('{Name}', role, 'member') THEN EXECUTE format('GRANT %I TO {Name}', role); END IF;
                    IF NOT pg_has_role('{Service}', role, 'member') THEN EXECUTE format('GRANT %I TO {Service}', role); END IF;
                END LOOP;
                IF NOT pg_has_role('{Duty.Administer.Role()}', '{Duty.Project.Role()}', 'member') THEN GRANT {Duty.Project.Role()} TO {Duty.Administer.Role()}; END IF;
                IF NOT pg_has_role('{Duty.Read.Role()}', 'pg_read_all_stats', 'member') THEN GRANT pg_read_all_stats TO {Duty.Read.Role()}; END IF;
            END $$
            """);
        if (!await ExistsAsync("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"))
            await ExecuteAsync($"CREATE DATABASE {Name} OWNER {Name}");
        return connection.PostgreSqlVersion;

        async Task<bool> ExistsAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = Name } } };
            return (bool)(await command.ExecuteScalarAsync(ct))!;
        }

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private static async Task StopAsync(Place place, PostgresBinaries binaries, CancellationToken ct)
    {
        if (Postmaster.IsRunning(place.Cluster))
            await place.Account.RunAsync([binaries.PgCtl, "stop", "-m", "fast", "-w", "-s", "-t", Patience, "-D", place.Cluster], ct);
    }

    private static NpgsqlConnectionStringBuilder Connection(Place place, string role, string database) =>
        new() { Host = place.SocketFolder, Port = 5432, Username = role, Database = database, Pooling = role != "postgres" };
}
