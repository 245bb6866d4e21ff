using Retention.Projections.EventLog;

namespace Retention.Api.Security.Limiting;

/// <summary>How much a tenant may ask of one process, and how slow a client may be. What is beyond is refused, and says when to come again.</summary>
public sealed record Limits
{
    /// <summary>Requests of a tenant in a second; twice as many may come at once after a pause. Without keys nobody is counted.</summary>
    public int RequestsPerSecond { get; init; } = 1_000;

    /// <summary>Sendings of events (<c>POST /v1/events</c>) of a tenant at once, each of which may hold a document in memory.</summary>
    public int Sendings { get; init; } = 64;

    /// <summary>Imports of a tenant at once, those that go on in the background among them.</summary>
    public int Imports { get; init; } = 4;

    /// <summary>Exports of a tenant at once: of the log, and of read models whole.</summary>
    public int Exports { get; init; } = 4;

    /// <summary>Open streams of the log of a tenant.</summary>
    public int Streams { get; init; } = 32;

    /// <summary>Questions of a tenant that fold histories at once; four times as many may wait for their turn.</summary>
    public int Folds { get; init; } = Place.DefaultFoldsAtOnce;

    /// <summary>The most memory that the histories of one tenant may take, in bytes; null for all that there is for all tenants.</summary>
    public long? TenantHistoryMemory { get; init; }

    /// <summary>The largest JSON document, and the largest body of an atomic request, unpacked, in bytes.</summary>
    public long DocumentBytes { get; init; } = 64L << 20;

    /// <summary>The largest file of an import, as it is sent, in bytes; it lies on the disk while it is read.</summary>
    public long ImportBytes { get; init; } = 4L << 30;

    /// <summary>The most events of an atomic request.</summary>
    public int AtomicEvents { get; init; } = 100_000;

    /// <summary>The most rows of a page of any list.</summary>
    public int PageRows { get; init; } = 1_000;

    /// <summary>What the documents beyond 1 MB that a tenant sends at once may take together, in bytes; read, they take up to six times as much.</summary>
    public long DocumentMemory { get; init; } = 256L << 20;

    /// <summary>Connections of all clients together.</summary>
    public int Connections { get; init; } = 10_000;

    /// <summary>How long a client may take to send the headers of a request.</summary>
    public TimeSpan HeaderTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The slowest that a body may come, after <see cref="Grace"/>, and an answer be taken.</summary>
    public double BytesPerSecond { get; init; } = 240;

    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="ArgumentOutOfRangeException">A limit lets nothing through.</exception>
    public Limits Checked()
    {
        (string Name, double Value)[] all =
        [
            (nameof(RequestsPerSecond), RequestsPerSecond), (nameof(Sendings), Sendings), (nameof(Imports), Imports), (nameof(Exports), Exports), (nameof(Streams), Streams),
            (nameof(Folds), Folds), (nameof(TenantHistoryMemory), TenantHistoryMemory ?? 1), (nameof(DocumentBytes), DocumentBytes), (nameof(ImportBytes), ImportBytes),
            (nameof(AtomicEvents), AtomicEvents), (nameof(PageRows), PageRows), (nameof(DocumentMemory), DocumentMemory), (nameof(Connections), Connections), (nameof(HeaderTime), HeaderTime.Ticks),
            (nameof(BytesPerSecond), BytesPerSecond), (nameof(Grace), Grace.Ticks),
        ];
        foreach (var (name, value) in all) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, name);
        return this;
    }
}
