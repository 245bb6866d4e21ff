using System.Diagnostics;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Tests;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Retention.Projections.Tests;

/// <summary>One private PostgreSQL for the test run, on a socket only; stopped and removed at its end.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly PrivatePostgres postgres = new();

    public ValueTask InitializeAsync() => new(postgres.StartAsync());

    public ValueTask DisposeAsync() => new(postgres.StopAsync());

    /// <summary>A new, empty database.</summary>
    public async Task<NpgsqlDataSource> NewDatabaseAsync(CancellationToken ct)
    {
        var name = $"test_{Guid.NewGuid():n}";
        await using var maintenance = NpgsqlDataSource.Create(postgres.ConnectionString("postgres"));
        await using var create = maintenance.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync(ct);
        return NpgsqlDataSource.Create(postgres.ConnectionString(name));
    }
}

/// <summary>A migrated place in a database of its own, for one test class.</summary>
public sealed class FreshPlace(PostgresFixture postgres) : IAsyncLifetime
{
    private NpgsqlDataSource? dataSource;

    public Place Place { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        dataSource = await postgres.NewDatabaseAsync(CancellationToken.None);
        Place = new Place(dataSource);
        await Migrations.ApplyAsync(Place);
    }

    public async ValueTask DisposeAsync()
    {
        if (dataSource is not null) await dataSource.DisposeAsync();
    }
}

/// <summary>A server process in a folder that only its user can enter; a superuser starts it as the user postgres.</summary>
public sealed class PrivatePostgres(params string[] settings)
{
    private readonly string folder = Directory.CreateTempSubdirectory("retention-test-").FullName;

    public string ConnectionString(string database) =>
        $"Host={folder};Username=postgres;Database={database};Maximum Pool Size=40;Include Error Detail=true";

    public async Task StartAsync()
    {
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres", folder);
        await ServerAsync("initdb", "-D", $"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N");
        var options = string.Join(' ', [$"-k {folder} -c listen_addresses= -c max_connections=200", .. settings.Select(s => $"-c {s}")]);
        await ServerAsync("pg_ctl", "-D", $"{folder}/data", "-l", $"{folder}/log", "-w", "-o", options, "start");
    }

    public async Task StopAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ServerAsync("pg_ctl", "-D", $"{folder}/data", "-m", "immediate", "-w", "stop");
        Directory.Delete(folder, recursive: true);
    }

    private static Task ServerAsync(string program, params string[] arguments)
    {
        var newest = Directory.GetDirectories("/usr/lib/postgresql").OrderBy(path => int.Parse(Path.GetFileName(path))).Last();
        var path = Path.Combine(newest, "bin", program);
        return Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    /// <summary>Standard output is taken away from the program: on ours, the runner reads what the tests report.</summary>
    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = "/",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed: {error}{await output}");
    }
}
