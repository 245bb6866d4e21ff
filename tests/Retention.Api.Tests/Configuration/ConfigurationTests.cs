using System.Net;
using System.Net.Sockets;
using Retention.Api.Tests.Commands;

namespace Retention.Api.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retention-config-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_environment_wins_over_the_file_and_the_file_over_the_defaults()
    {
        var file = Write("""{ "port": 9001, "historyMemory": 256, "origins": ["https://one.example.com", "https://two.example.com"], "demo": false }""");

        var shown = await ShowAsync(new() { ["RETENTION_PORT"] = "9002", ["RETENTION_ORIGINS"] = "https://three.example.com" }, "--config", file);

        RowOf(shown, "port").ShouldBe(["port", "9002", "RETENTION_PORT"]);
        RowOf(shown, "historyMemory").ShouldBe(["historyMemory", "256", file]);
        RowOf(shown, "demo").ShouldBe(["demo", "False", file]);
        RowOf(shown, "answerMemory").ShouldBe(["answerMemory", "64", "default"]);
        RowOf(shown, "origins").ShouldBe(["origins", "https://three.example.com", "RETENTION_ORIGINS"]);
    }

    [Fact]
    public async Task Words_of_the_command_line_win_over_the_environment()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        using var up = RetentionProcess.Start(new Dictionary<string, string> { ["RETENTION_PORT"] = "none" }, "up", "--port", $"{port}", "--data", folder);

        (await up.EndAsync(Ct)).ShouldBe(1);
        up.Errors.ShouldBe($"Port {port} is taken by another program: choose another one with --port.");
    }

    [Fact]
    public async Task A_password_is_shown_nowhere()
    {
        var environment = new Dictionary<string, string> { ["RETENTION_CONNECTION"] = "Host=db;Username=u;Password=s3cret;Database=d" };
        RowOf(await ShowAsync(environment), "connection").ShouldBe(["connection", "Host=db;Username=u;Password=***;Database=d", "RETENTION_CONNECTION"]);

        using var wrong = RetentionProcess.Start(new Dictionary<string, string> { ["RETENTION_CONNECTION"] = "Password=s3cret;Hots=db" }, "config");
        (await wrong.EndAsync(Ct)).ShouldBe(1);
        wrong.Errors.ShouldContain("connection (RETENTION_CONNECTION) must be a connection string");
        (wrong.Errors + wrong.Output).ShouldNotContain("s3cret");
    }

    [Theory]
    [InlineData("""{ "port": 80800 }""", "port", "'80800' must be a whole number from 1 to 65535")]
    [InlineData("""{ "listen": "everywhere" }""", "listen", "'everywhere' must be an IP address")]
    [InlineData("""{ "historyMemory": "much" }""", "historyMemory", "'much' must be a whole number of MB from 0 to 1000000")]
    [InlineData("""{ "leaseTerm": 1 }""", "leaseTerm", "'1' must be a whole number of seconds from 2 to 300")]
    [InlineData("""{ "demo": "perhaps" }""", "demo", "'perhaps' must be true or false")]
    [InlineData("""{ "origins": ["https://a.example.com", "b"] }""", "origins", "'b' must be a scheme, host and port")]
    [InlineData("""{ "dashboard": "/nowhere/at/all" }""", "dashboard", "'/nowhere/at/all' must be a folder that exists")]
    [InlineData("""{ "limits": { "requestsPerSecond": 0 } }""", "limits.requestsPerSecond (", "'0' must be a whole number above 0")]
    [InlineData("""{ "limits": { "headerTime": 15 } }""", "limits.headerTime (", "'15' must be a time above 0, such as 00:00:15")]
    [InlineData("""{ "limits": { "request": 1 } }""", "limits.request (", "is not known; allowed are atomicEvents")]
    [InlineData("""{ "prot": 8080 }""", "prot in ", "is not known; allowed are allowFsyncOff, answerMemory")]
    [InlineData("""{ "port": 8080 """, "is not JSON as it must be", "LineNumber: 0")]
    public async Task A_fault_names_its_member_its_place_and_what_is_allowed(string json, string named, string allowed)
    {
        var file = Write(json);

        using var up = RetentionProcess.Start("up", "--config", file, "--data", folder);

        (await up.EndAsync(Ct)).ShouldBe(1);
        up.Errors.ShouldContain(named);
        up.Errors.ShouldContain(file);
        up.Errors.ShouldContain(allowed);
        Directory.Exists(Path.Combine(folder, "postgres")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_file_that_is_named_and_missing_is_a_fault()
    {
        using var config = RetentionProcess.Start("config", "--config", Path.Combine(folder, "none.json"));

        (await config.EndAsync(Ct)).ShouldBe(1);
        config.Errors.ShouldContain("none.json does not exist");
    }

    private string Write(string json)
    {
        var file = Path.Combine(folder, "retention.json");
        File.WriteAllText(file, json);
        return file;
    }

    private static async Task<string> ShowAsync(Dictionary<string, string> environment, params string[] words)
    {
        using var config = RetentionProcess.Start(environment, ["config", .. words]);
        (await config.EndAsync(Ct)).ShouldBe(0, config.Errors);
        return config.Output;
    }

    private static string[] RowOf(string table, string member) =>
        [.. table.Split('\n').Select(line => line.Split('│', StringSplitOptions.TrimEntries)).Single(cells => cells.Length > 2 && cells[1] == member)[1..4]];
}
