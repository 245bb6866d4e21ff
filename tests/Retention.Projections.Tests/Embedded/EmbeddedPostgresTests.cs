using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;

namespace Retention.Projections.Tests.Embedded;

public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retention-").FullName;
    private readonly List<string> said = [];

    public EmbeddedPostgresTests()
    {
        // Root runs PostgreSQL as another user, who has to get there.
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var left in Process.GetProcesses().Where(p => p.ProcessName is "postgres" or "initdb" && CommandLine(p.Id).Contains(root)))
        {
            left.Kill();
            left.WaitForExit();
        }
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task What_is_stored_is_there_after_a_stop_and_a_start()
    {
        await using (var first = await StartAsync("data"))
        {
            first.Version.Major.ShouldBeGreaterThanOrEqualTo(15);
            await ScalarAsync(first, "CREATE TABLE kept AS SELECT 42 AS answer");
            var pid = ServerOf(first);
            UserOf(pid).ShouldNotBe(0, "PostgreSQL never runs as root");
            await first.StopAsync(Ct);
            IsAlive(pid).ShouldBeFalse();
            await first.StopAsync(Ct);
        }
        await using var second = await StartAsync("data");
        (await ScalarAsync(second, "SELECT answer FROM kept")).ShouldBe(42);
        (await ScalarAsync(second, "SELECT current_user || '@' || current_database()")).ShouldBe("retention@retention");
        (await ScalarAsync(second, "SHOW work_mem")).ShouldBe("7MB");
        (await ScalarAsync(second, "SHOW data_checksums")).ShouldBe("on");
    }

    [Fact]
    public async Task Numbers_that_a_crash_took_back_are_not_taken_for_read()
    {
        await using var first = await StartAsync("data");
        await using var database = NpgsqlDataSource.Create(first.ConnectionString);
        var place = new EventLog.Place(database);
        await Migrations.ApplyAsync(place, allowFsyncOff: true, Ct);
        var safePosition = new SafePosition(place);
        await place.RunAsync("select setval('{schema}.mt_events_sequence', 100)");
        (await safePosition.AdvanceAsync(Ct)).ShouldBe(100);

        // What a crash does to numbers that were drawn and not flushed.
        await place.RunAsync("select setval('{schema}.mt_events_sequence', 40)");
        await first.StopAsync(Ct);
        database.Clear();
        await using var second = await StartAsync("data");

        (await safePosition.AdvanceAsync(Ct)).ShouldBe(40);
    }

    [Fact]
    public async Task A_server_that_outlived_its_service_is_adopted()
    {
        const string born = "SELECT pg_postmaster_start_time()";
        await using var orphan = await StartAsync("data");
        await using var adopted = await StartAsync("data");
        (await ScalarAsync(adopted, born)).ShouldBe(await ScalarAsync(orphan, born));
        said.ShouldContain(line => line.StartsWith("Adopting", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_crashed_server_starts_again_although_its_number_belongs_to_another_process()
    {
        var crashed = await StartAsync("data");
        await ScalarAsync(crashed, "CREATE TABLE kept AS SELECT 42 AS answer");
        var pidFile = Path.Combine(crashed.DataFolder, "cluster", "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(pidFile, Ct);
        using (var process = Process.GetProcessById(ServerOf(crashed)))
            process.Kill();
        using var sleeper = Process.Start("sleep", "600");
        await File.WriteAllLinesAsync(pidFile, [$"{sleeper.Id}", .. lines[1..]], Ct);
        try
        {
            await using var again = await StartAsync("data");
            (await ScalarAsync(again, "SELECT answer FROM kept")).ShouldBe(42);
        }
        finally
        {
            sleeper.Kill();
        }
    }

    [Fact]
    public async Task A_first_start_that_is_cancelled_leaves_nothing_half_made()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var start = EmbeddedPostgres.StartAsync(Options("data"), stop.Token);
        await UntilAsync(() => Unfinished("data").Length > 0 || start.IsCompleted);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => start);
        Directory.Exists(Path.Combine(root, "data", "cluster")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_first_start_that_is_killed_is_done_again_from_the_beginning()
    {
        var start = EmbeddedPostgres.StartAsync(Options("data"), Ct);
        await UntilAsync(() => Unfinished("data").Any(folder => File.Exists(Path.Combine(folder, "PG_VERSION"))) || start.IsCompleted);
        foreach (var process in Process.GetProcessesByName("initdb").Where(p => CommandLine(p.Id).Contains(root)))
            process.Kill();
        await Should.ThrowAsync<PostgresUnavailableException>(() => start);
        Unfinished("data").ShouldNotBeEmpty();

        await using var again = await StartAsync("data");
        Unfinished("data").ShouldBeEmpty();
        (await ScalarAsync(again, "SELECT 42")).ShouldBe(42);
    }

    [Fact]
    public async Task A_throwaway_server_leaves_nothing_behind()
    {
        var server = await EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(said.Add), Ct);
        var pid = ServerOf(server);
        await server.DisposeAsync();
        IsAlive(pid).ShouldBeFalse();
        Directory.Exists(server.DataFolder).ShouldBeFalse();
    }

    [Fact]
    public async Task A_socket_finds_a_short_path_for_a_deep_data_folder()
    {
        await using var server = await StartAsync(Path.Combine(new string('a', 60), new string('b', 60), "data"));
        (await ScalarAsync(server, "SELECT 42")).ShouldBe(42);
        server.SocketFolder.Length.ShouldBeLessThan(94);
        await server.StopAsync(Ct);
        Directory.Delete(server.SocketFolder);
    }

    [Fact]
    public async Task A_folder_in_a_private_home_is_replaced_by_one_in_reach()
    {
        var home = Directory.CreateDirectory(Path.Combine(root, "home"));
        if (!Environment.IsPrivilegedProcess)
        {
            // As an ordinary user there is no other account involved, and the data stays at home.
            await using var here = await StartAsync("home/data");
            here.DataFolder.ShouldStartWith(root);
            return;
        }
        if (OperatingSystem.IsLinux())
            home.UnixFileMode = (UnixFileMode)0b111_000_000;
        await using var server = await StartAsync("home/data");
        server.DataFolder.ShouldStartWith("/var/lib/retention/home-");
        said.ShouldContain(line => line.Contains(server.DataFolder, StringComparison.Ordinal));
        Directory.Exists(Path.Combine(home.FullName, "data")).ShouldBeFalse();
        await server.StopAsync(Ct);
        Directory.Delete(server.DataFolder, recursive: true);
    }

    private EmbeddedOptions Options(string folder) =>
        new(Path.Combine(root, folder), said.Add, Settings: new Dictionary<string, string> { ["work_mem"] = "7MB", ["fsync"] = "off" });

    private Task<EmbeddedPostgres> StartAsync(string folder) => EmbeddedPostgres.StartAsync(Options(folder), Ct);

    private string[] Unfinished(string folder) =>
        Directory.Exists(Path.Combine(root, folder)) ? Directory.GetDirectories(Path.Combine(root, folder), "cluster.new-*") : [];

    private static async Task<object?> ScalarAsync(EmbeddedPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection($"{server.ConnectionString};Pooling=false");
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    private static async Task UntilAsync(Func<bool> fact)
    {
        while (!fact())
            await Task.Delay(2, Ct);
    }

    private static int ServerOf(EmbeddedPostgres server) =>
        int.Parse(File.ReadLines(Path.Combine(server.DataFolder, "cluster", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    private static int UserOf(int pid) =>
        int.Parse(
            File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1],
            CultureInfo.InvariantCulture);

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    // A process that has ended and that nobody has asked about yet still has a number, but no command line.
    private static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}") && CommandLine(pid) != "";
}
