using System.Net;
using Retention.Api.Security.Limiting;
using Retention.Api.Security.Tokens;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Api;

/// <summary>What the web host needs to know.</summary>
/// <param name="Port">0 picks a free one.</param>
/// <param name="Schema">The schema of the service's place.</param>
public sealed record ServiceOptions(string ConnectionString, int Port, string Schema = "retention")
{
    /// <summary>The address to listen on; null for the loopback interface. On any other the service starts only once there is a key.</summary>
    public IPAddress? Listen { get; init; }

    /// <summary>Of the owner of the tables, for migrations alone; null where <see cref="ConnectionString"/> is the owner's.</summary>
    public string? OwnerConnectionString { get; init; }

    /// <summary>How much a tenant may ask of this process, and how slow a client may be.</summary>
    public Limits Limits { get; init; } = new();

    /// <summary>Whose tokens are let in beside keys; null for nobody's.</summary>
    public TokenOptions? Tokens { get; init; }

    /// <summary>Accept a server without fsync: for throw-away data only.</summary>
    public bool AllowFsyncOff { get; init; }

    /// <summary>The most memory that histories held for folds may take, in bytes.</summary>
    public long HistoryMemory { get; init; } = Place.DefaultHistoryMemory;

    /// <summary>What rebuilds and replays may take.</summary>
    public ReplayRoom Rebuilds { get; init; } = new();

    /// <summary>The most memory that answers kept to be given again may take, in bytes.</summary>
    public long AnswerMemory { get; init; } = 64L << 20;

    /// <summary>Origins whose pages may ask, such as <c>https://bi.example.com</c>; none by default.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>The folder of the dashboard's files; null for none.</summary>
    public string? Dashboard { get; init; }

    /// <summary>Whether this process keeps the read models when it is its turn; without it another one on the same database has to.</summary>
    public bool Projects { get; init; } = true;

    /// <summary>How this process is called among those on the same database; null for its machine and process id.</summary>
    public string? Node { get; init; }

    /// <summary>For how long a process that keeps the read models and is not heard of is waited for.</summary>
    public TimeSpan LeaseTerm { get; init; } = Lease.UsualTerm;

    /// <summary>How long requests are still taken after the wish to stop, while the service says that it is not ready.</summary>
    public TimeSpan DrainNotice { get; init; }

    /// <summary>How long requests under way may take to end.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(20);
}
