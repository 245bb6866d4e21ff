using System.Globalization;
using System.Net;
using Npgsql;
using Retention.Api.Commands;
using Retention.Api.Security.Tokens;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;

namespace Retention.Api.Configuration;

/// <summary>
/// Everything that the service can be told before it starts. Members are text until <see cref="ConfigurationRules"/> has found them sound,
/// so that each fault is told by the member's name and not by the first one's type. A new member is a property here, a rule there, and a
/// row in docs/operations.md.
/// </summary>
public sealed class ServiceConfiguration
{
    /// <summary>The port to listen on.</summary>
    public string Port { get; set; } = "8080";

    /// <summary>The address to listen on; null for the loopback interface.</summary>
    public string? Listen { get; set; }

    /// <summary>The folder of the service's data.</summary>
    public string Data { get; set; } = DataOption.Default;

    /// <summary>Npgsql's form; null for a private PostgreSQL in the data folder.</summary>
    public string? Connection { get; set; }

    /// <summary>The same database as the owner of the tables, for migrations; null where <see cref="Connection"/> is the owner's.</summary>
    public string? OwnerConnection { get; set; }

    /// <summary>Whether to load the demo tenant where it is missing.</summary>
    public string Demo { get; set; } = "true";

    /// <summary>Whether this process keeps the read models.</summary>
    public string Projections { get; set; } = "true";

    /// <summary>How this process is called in <c>/v1/status</c>; null for its machine and process id.</summary>
    public string? Node { get; set; }

    /// <summary>Seconds for which a process that keeps the read models and is not heard of is waited for.</summary>
    public string LeaseTerm { get; set; } = "6";

    /// <summary>Memory that histories may take, in MB.</summary>
    public string HistoryMemory { get; set; } = Text(Place.DefaultHistoryMemory >> 20);

    /// <summary>Memory that a rebuild or replay may take, in MB.</summary>
    public string RebuildMemory { get; set; } = Text(new ReplayRoom().Memory >> 20);

    /// <summary>Memory that kept answers may take, in MB.</summary>
    public string AnswerMemory { get; set; } = "64";

    /// <summary>Origins whose pages may ask.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>The folder of the dashboard's files; null for the one that was built here.</summary>
    public string? Dashboard { get; set; }

    /// <summary>Whether to accept a server that can lose what was acknowledged.</summary>
    public string AllowFsyncOff { get; set; } = "false";

    /// <summary>Whose tokens are let in beside keys; null for nobody's.</summary>
    public string? TokenIssuer { get; set; }

    /// <summary>What such a token must be for.</summary>
    public string? TokenAudience { get; set; }

    /// <summary>Where the issuer's public keys are.</summary>
    public string? TokenKeys { get; set; }

    /// <summary>How much a tenant may ask, and how slow a client may be: members of <see cref="Security.Limiting.Limits"/> by their names.</summary>
    public IDictionary<string, string> Limits { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Seconds for which the service still takes requests after it was told to stop, while it says that it is not ready.</summary>
    public string DrainNotice { get; set; } = "0";

    /// <summary>Seconds that requests under way have to end.</summary>
    public string DrainLimit { get; set; } = "20";

    /// <summary>Null unless all three are told.</summary>
    internal TokenOptions? Tokens => (TokenIssuer, TokenAudience, TokenKeys) is ({ } issuer, { } audience, { } keys) ? new TokenOptions(issuer, audience, keys) : null;

    /// <summary>What the web host needs to know; the rules hold.</summary>
    /// <param name="connection">Of the server that is used, which may be a private one.</param>
    public ServiceOptions ToOptions(string connection) => new(connection, Whole(Port))
    {
        Listen = Listen is null ? null : IPAddress.Parse(Listen),
        OwnerConnectionString = OwnerConnection,
        Tokens = Tokens,
        Limits = ConfiguredLimits.Of(Limits),
        Projects = bool.Parse(Projections),
        Node = Node,
        LeaseTerm = TimeSpan.FromSeconds(Whole(LeaseTerm)),
        HistoryMemory = (long)Whole(HistoryMemory) << 20,
        Rebuilds = new ReplayRoom { Memory = (long)Whole(RebuildMemory) << 20 },
        AnswerMemory = (long)Whole(AnswerMemory) << 20,
        Dashboard = Dashboard ?? Api.Dashboard.BuiltFolder,
        Origins = [.. Origins],
        AllowFsyncOff = bool.Parse(AllowFsyncOff),
        DrainNotice = TimeSpan.FromSeconds(Whole(DrainNotice)),
        DrainLimit = TimeSpan.FromSeconds(Whole(DrainLimit)),
    };

    /// <summary>Whether a member may hold a password.</summary>
    internal static bool IsConnection(string member) =>
        member.Equals(nameof(Connection), StringComparison.OrdinalIgnoreCase) || member.Equals(nameof(OwnerConnection), StringComparison.OrdinalIgnoreCase);

    /// <summary>A member's value as it may be shown to anybody: without passwords.</summary>
    internal static string Shown(string member, string value)
    {
        if (!IsConnection(member)) return value;
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(value);
            if (connection.Password is not null) connection.Password = "***";
            if (connection.SslPassword is not null) connection.SslPassword = "***";
            return connection.ConnectionString;
        }
        catch (ArgumentException)
        {
            return "***";
        }
    }

    internal static int Whole(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
