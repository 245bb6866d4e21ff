using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Retention.Projections.Embedded;

namespace Retention.Chaos;

/// <summary>A private PostgreSQL that flushes like a real one, is started again whenever it dies, and leaves nothing behind.</summary>
public sealed class Store : IAsyncDisposable
{
    private readonly EmbeddedPostgres postgres;
    private readonly CancellationTokenSource stopped = new();
    private readonly Task keeping;

    private Store(EmbeddedPostgres postgres) => (this.postgres, keeping) = (postgres, postgres.KeepRunningAsync(stopped.Token));

    public int Pid => int.Parse(File.ReadLines(Path.Combine(postgres.DataFolder, "cluster", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <param name="folder">Null for a new one among the temporary files.</param>
    public static async Task<Store> StartAsync(Action<string> say, CancellationToken ct, string? folder = null)
    {
        var flushing = new Dictionary<string, string>
        {
            ["fsync"] = "on",
            ["synchronous_commit"] = "on",
            ["full_page_writes"] = "on",
            ["max_connections"] = "200",
        };
        var options = EmbeddedOptions.Temporary(say) with { Settings = flushing };
        return new Store(await EmbeddedPostgres.StartAsync(folder is null ? options : options with { DataFolder = folder }, ct));
    }

    /// <summary>A new, empty database.</summary>
    /// <returns>How it is reached.</returns>
    public async Task<string> NewDatabaseAsync(CancellationToken ct)
    {
        var name = $"trial_{Guid.NewGuid():n}";
        await using var maintenance = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Pooling = false });
        await using var create = maintenance.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync(ct);
        return new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Ends the server at once, without a word to it.</summary>
    public void Kill()
    {
        using var server = Process.GetProcessById(Pid);
        server.Kill();
        server.WaitForExit();
    }

    /// <summary>Waits until the server takes connections.</summary>
    public async Task AnswersAsync(CancellationToken ct)
    {
        var address = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Pooling = false, Timeout = 5 }.ConnectionString;
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(address);
                await connection.OpenAsync(ct);
                return;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(20, ct);
            }
        }
    }

    /// <summary>Leaves the server dead from now on.</summary>
    public async Task AbandonAsync()
    {
        await stopped.CancelAsync();
        await keeping;
    }

    public async ValueTask DisposeAsync()
    {
        await AbandonAsync();
        stopped.Dispose();
        await postgres.DisposeAsync();
    }
}
