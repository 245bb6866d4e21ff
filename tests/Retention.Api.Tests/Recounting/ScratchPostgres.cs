using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Retention.Api.Tests.Recounting;

/// <summary>A private PostgreSQL cluster for the tests of one class, reached by its socket; gone with the tests.</summary>
public sealed class ScratchPostgres : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"retention-recount-{Environment.ProcessId}-{Guid.NewGuid():N}"[..48]);
    private int databases;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(folder);
        if (Environment.UserName == "root") await RunAsync("chown", "postgres", folder);
        await AsPostgresAsync("initdb", "-D", $"{folder}/db", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N");
        await AsPostgresAsync(
            "pg_ctl", "-D", $"{folder}/db", "-w", "-l", $"{folder}/log", "-o", $"-c listen_addresses= -k {folder} -c fsync=off", "start");
    }

    /// <summary>A fresh, empty database.</summary>
    public async Task<NpgsqlDataSource> NewDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"scratch{Interlocked.Increment(ref databases)}");
        await using var server = NpgsqlDataSource.Create($"Host={folder};Username=postgres;Database=postgres;Pooling=false");
        await using var create = server.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync();
        return NpgsqlDataSource.Create($"Host={folder};Username=postgres;Database={name}");
    }

    public async ValueTask DisposeAsync()
    {
        await AsPostgresAsync("pg_ctl", "-D", $"{folder}/db", "-m", "immediate", "stop");
        Directory.Delete(folder, recursive: true);
    }

    private static Task AsPostgresAsync(string program, params string[] arguments)
    {
        var path = Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + $"/bin/{program}";
        return Environment.UserName == "root"
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
