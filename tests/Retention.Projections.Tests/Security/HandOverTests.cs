using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Projections.Backups;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;
using Retention.Projections.Running;
using Retention.Projections.Security;
using Place = Retention.Projections.EventLog.Place;

namespace Retention.Projections.Tests;

/// <summary>Stores that one owner of everything has kept, and stores from elsewhere, get the roles at the next start and lose nothing.</summary>
public sealed class HandOverTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("retention-handover-").FullName;
    private EmbeddedPostgres? server;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // Root runs PostgreSQL as another user, who has to get there.
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        server = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_data_folder_of_before_is_handed_over_with_its_replays_and_again_after_a_restore_elsewhere()
    {
        await using var owner = NpgsqlDataSource.Create($"{server!.ConnectionString};Pooling=false");
        IReadOnlyList<string> rights;
        await using (var first = Divided())
        {
            var place = new Place(first, "retention");
            await Migrations.ApplyAsync(place, allowFsyncOff: true, Stop);
            rights = await RightsList.OfAsync(new Place(owner));
            await SendAsync(place, "1");
            await using var replays = ReplaysOf(place);
            await replays.EndOf((await replays.StartAsync("one", "mine", 1, new ReplayAsked(), Stop)).ShouldNotBeNull());
        }
        await TakeBackAsync(owner);
        (await new Place(owner).LinesAsync("select tableowner::text from pg_tables where schemaname like 'retention%' group by 1")).ShouldBe(["retention"]);
        await server.StopAsync(Stop);

        server = await StartAsync();
        await using var again = Divided();
        var handed = new Place(again, "retention");
        await Migrations.ApplyAsync(handed, allowFsyncOff: true, Stop);
        (await RightsList.OfAsync(new Place(owner))).ShouldBe(rights);
        await SendAsync(handed, "2");
        await using (var snapshot = await Snapshot.OpenAsync(handed, "one", Stop)) snapshot.Reflection.Position.ShouldBe(2);
        await ShouldAnswerAndGoAsync(handed);

        await RestoreElsewhereAsync(rights);
    }

    [Fact]
    public async Task On_a_server_of_ones_own_the_statements_of_the_documentation_suffice()
    {
        var said = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "security.md"), Stop);
        var sql = said[said.IndexOf("create role retention_read", StringComparison.Ordinal)..].Split("```")[0];
        var own = new PrivatePostgres();
        await own.StartAsync();
        try
        {
            await using (var administrator = NpgsqlDataSource.Create($"{own.ConnectionString("postgres")};Pooling=false"))
            {
                foreach (var statement in sql.Split('\n').Select(line => line.Split("--")[0].Trim()).Where(line => line != "")) await new Place(administrator).RunAsync(statement);
            }
            await using var sessions = Sessions.Divided(AddressOf("retention_service"), AddressOf("retention_owner"), (_, address) => NpgsqlDataSource.Create(address));
            var place = new Place(sessions, "retention");
            await Migrations.ApplyAsync(place, allowFsyncOff: true, Stop);
            await SendAsync(place, "1");
            // The owner has gone.
            while (await place.ScalarAsync<long>("select count(*) from pg_stat_activity where usename = 'retention_owner'") > 0) await Task.Delay(20, Stop);
            await using var replays = ReplaysOf(place);
            await replays.EndOf((await replays.StartAsync("one", "mine", 1, new ReplayAsked(), Stop)).ShouldNotBeNull());
            await ShouldAnswerAndGoAsync(place);
        }
        finally
        {
            await own.StopAsync();
        }

        string AddressOf(string user) => $"{own.ConnectionString("retention")};Username={user}";
    }

    /// <summary>What was there is as it was, to the role that sees one tenant; and whoever makes replays may remove it.</summary>
    private static async Task ShouldAnswerAndGoAsync(Place handed)
    {
        await using var replays = ReplaysOf(handed);
        var replay = (await replays.FindAsync("one", "mine", Stop)).ShouldNotBeNull();
        replay.Status.ShouldBe(ReplayStatus.Ready, replay.Error);
        await using (var snapshot = await Snapshot.OpenAsync(replays.PlaceOf(replay), "one", Stop))
        {
            (await snapshot.CustomerAsync("ann", Stop)).ShouldNotBeNull();
            await snapshot.RewindAsync(0, Stop);
        }
        await replays.DeleteAsync(replay, Stop);
        (await handed.ScalarAsync<long>("select count(*) from pg_namespace where nspname like 'retention_replay_%'")).ShouldBe(0);
    }

    /// <summary>Roles are of a whole server and in no dump.</summary>
    private async Task RestoreElsewhereAsync(IReadOnlyList<string> rights)
    {
        var backup = Path.Combine(folder, "backup");
        (await Backup.MakeAsync(server!.ConnectionString, backup, ct: Stop)).Roles.ShouldContain("retention_append");
        var foreign = new PrivatePostgres();
        await foreign.StartAsync();
        try
        {
            await using var database = NpgsqlDataSource.Create($"{foreign.ConnectionString("postgres")};Pooling=false");
            (await Restore.RunAsync(foreign.ConnectionString("postgres"), backup, Stop)).RightsLeftOut.ShouldBeEmpty();
            (await RightsList.OfAsync(new Place(database))).ShouldBe(rights);
            await new Place(database).RunAsync("create role clerk login noinherit");
            await using var sessions = Sessions.Divided($"{foreign.ConnectionString("postgres")};Username=clerk", foreign.ConnectionString("postgres"), (_, address) => NpgsqlDataSource.Create(address));
            var place = new Place(sessions, "retention");
            await Migrations.ApplyAsync(place, allowFsyncOff: true, Stop);
            await SendAsync(place, "3");
            await RestoreWithoutRolesAsync(foreign, backup);
        }
        finally
        {
            await foreign.StopAsync();
        }
    }

    /// <summary>By a user who may make no role, on a server that has none of them.</summary>
    private static async Task RestoreWithoutRolesAsync(PrivatePostgres foreign, string backup)
    {
        await using var administrator = NpgsqlDataSource.Create($"{foreign.ConnectionString("postgres")};Pooling=false");
        var all = new Place(administrator);
        string[] roles = [.. Duties.Roles, TenantRole.Name, "retention_bi"];
        NpgsqlConnection.ClearAllPools();
        await all.RunAsync($"drop schema retention, bi cascade; drop owned by {string.Join(", ", roles)}; drop role {string.Join(", ", roles)}; create role plain login");
        await all.RunAsync("create database plain owner plain");

        var restored = await Restore.RunAsync($"{foreign.ConnectionString("plain")};Username=plain", backup, Stop);

        restored.RightsLeftOut.ShouldBe(roles, ignoreOrder: true);
        await using var source = NpgsqlDataSource.Create($"{foreign.ConnectionString("plain")};Username=plain;Pooling=false");
        await SendAsync(new Place(source), "4");
    }

    /// <summary>As the store was when its owner did everything.</summary>
    private static async Task TakeBackAsync(NpgsqlDataSource owner)
    {
        await using var everything = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner.ConnectionString) { Username = "postgres", Pooling = false }.ConnectionString);
        var roles = string.Join(", ", Duties.Roles.Append("retention_service"));
        await new Place(everything).RunAsync($"reassign owned by retention_project to retention; drop owned by {roles}; drop role {roles}");
    }

    private Sessions Divided() => Sessions.Divided(server!.ServiceConnectionString, server.ConnectionString, (_, address) => NpgsqlDataSource.Create(address));

    private Task<EmbeddedPostgres> StartAsync() => EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(_ => { }) with { DataFolder = Path.Combine(folder, "data"), Throwaway = false }, Stop);

    private static Projections.Replays.Replays ReplaysOf(Place place) => new(place, new Progress(place, TimeProvider.System), NullLogger<Projections.Replays.Replays>.Instance);

    private static async Task SendAsync(Place place, string order)
    {
        await new Shop(place).AppendAsync("one", [new Happening("ann", Trial.Start.AddDays(1), "late shop", order, What.Bought, order, 10)]);
        await new Shop(new Place(place.For(Duty.Project))).ReflectAsync();
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Retention.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
