using System.Text;

namespace Retention.Projections.Embedded;

/// <summary>PostgreSQL's data directory: how it is made and set.</summary>
internal static class Cluster
{
    private const string SettingsFile = "retention.conf";
    private const string Unfinished = "cluster.new-";

    /// <summary>
    /// Makes the data directory where there is none yet. It is filled under another name and then renamed, so that one that is cut
    /// short is never taken for a whole one.
    /// </summary>
    public static async Task MakeAsync(Place place, PostgresBinaries binaries, EmbeddedOptions options, CancellationToken ct)
    {
        foreach (var remains in Directory.EnumerateDirectories(place.Folder, $"{Unfinished}*"))
        {
            Postmaster.KillInitDb(remains);
            await place.Account.RunAsync(["rm", "-rf", remains], ct);
        }
        if (Directory.Exists(place.Cluster))
            return;
        var folder = Path.Combine(place.Folder, $"{Unfinished}{Guid.NewGuid():N}");
        string[] flush = Settings(place, options)["fsync"] == "off" ? ["--no-sync"] : [];
        await place.Account.RunAsync(
            [
                binaries.InitDb, "-D", folder, "--username=postgres", "--encoding=UTF8", "--locale=C", "--data-checksums",
                "--auth-local=trust", "--auth-host=reject", .. flush,
            ],
            ct);
        await place.WriteAsync(Path.Combine(folder, "postgresql.conf"), $"include '{SettingsFile}'\n", ct);
        await place.Account.RunAsync(["mv", "-T", folder, place.Cluster], ct);
    }

    /// <summary>Writes the settings, anew at each start, since the machine and this program's mind may have changed.</summary>
    public static async Task SetAsync(Place place, PostgresBinaries binaries, EmbeddedOptions options, CancellationToken ct)
    {
        var settings = Settings(place, options);
        await WriteAsync(place, settings, ct);
        // Batches of projections touch pages at random, and each page is written whole to the WAL the first time after a checkpoint: lz4
        // takes a fraction of the time of the built-in compression. Not every build of the server has it.
        string[] attempt = [binaries.Server, "-C", "wal_compression", "-c", "wal_compression=lz4", "-D", place.Cluster];
        if (settings["wal_compression"] != "on" || (await place.Account.TryAsync(attempt, ct)).ExitCode != 0) return;
        settings["wal_compression"] = "lz4";
        await WriteAsync(place, settings, ct);
    }

    private static Task WriteAsync(Place place, Dictionary<string, string> settings, CancellationToken ct)
    {
        var text = new StringBuilder("# Written anew at each start by Retention.\n");
        foreach (var (name, value) in settings)
            text.Append(name).Append(" = '").Append(value.Replace("'", "''", StringComparison.Ordinal)).Append("'\n");
        return place.WriteAsync(Path.Combine(place.Cluster, SettingsFile), text.ToString(), ct);
    }

    private static Dictionary<string, string> Settings(Place place, EmbeddedOptions options)
    {
        // What the container's limit leaves, where there is one. The service itself lives on the same machine.
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        var settings = new Dictionary<string, string>
        {
            ["cluster_name"] = "retention",
            ["listen_addresses"] = "",
            ["port"] = "5432",
            ["unix_socket_directories"] = place.SocketFolder,
            ["unix_socket_permissions"] = "0700",
            ["max_connections"] = "150",
            ["shared_buffers"] = $"{Math.Clamp(memory / 8, 32, 2048)}MB",
            ["effective_cache_size"] = $"{Math.Max(memory / 2, 128)}MB",
            ["work_mem"] = $"{Math.Clamp(memory / 256, 4, 64)}MB",
            ["maintenance_work_mem"] = $"{Math.Clamp(memory / 32, 32, 512)}MB",
            ["random_page_cost"] = "1.1",
            // Queries here are short, and compiling one costs more than running it.
            ["jit"] = "off",
            ["fsync"] = "on",
            ["wal_compression"] = "on",
            ["max_wal_size"] = "2GB",
            ["checkpoint_timeout"] = "15min",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["log_line_prefix"] = "%m [%p] ",
            ["log_checkpoints"] = "off",
        };
        if (options.Throwaway)
            foreach (var flush in new[] { "fsync", "synchronous_commit", "full_page_writes" })
                settings[flush] = "off";
        foreach (var (name, value) in options.Settings ?? new Dictionary<string, string>())
            settings[name] = value;
        return settings;
    }
}
