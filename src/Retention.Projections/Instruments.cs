using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Retention.Projections;

/// <summary>
/// What the service tells of itself: spans and metrics, by OpenTelemetry's rules for names. They cost a look each while nobody listens. No
/// name and no attribute says anything of a customer; attributes of metrics have few values, and never name tenants.
/// </summary>
public static class Instruments
{
    /// <summary>Of the source of spans and of the meter.</summary>
    public const string Name = "Retention";

    /// <summary>The attribute of <see cref="Events"/> and <see cref="Answers"/>.</summary>
    public const string Outcome = "outcome";

    /// <summary>The tenant, as an attribute of spans.</summary>
    public const string Tenant = "retention.tenant";

    /// <summary>How many events a span is about.</summary>
    public const string Count = "retention.events";

    /// <summary>The source of spans.</summary>
    public static readonly ActivitySource Spans = new(Name);

    /// <summary>Events that were sent, by <c>outcome</c>: accepted, duplicate or rejected.</summary>
    public static readonly Counter<long> Events;

    /// <summary>How long appends take, from the first lock to the commit.</summary>
    public static readonly Histogram<double> Append;

    /// <summary>Requests that shared a commit.</summary>
    public static readonly Histogram<int> Group;

    /// <summary>How long batches of the projections take, commit included.</summary>
    public static readonly Histogram<double> Batch;

    /// <summary>Events that projections have reflected.</summary>
    public static readonly Counter<long> Reflected;

    /// <summary>How long folds take over all customers of a tenant, loading of histories included.</summary>
    public static readonly Histogram<double> Fold;

    /// <summary>Answers to polled questions, by <c>outcome</c>: unchanged (304), kept (from memory) or made.</summary>
    public static readonly Counter<long> Answers;

    /// <summary>Requests that ended in a problem, by <c>code</c> and <c>http.response.status_code</c>.</summary>
    public static readonly Counter<long> Problems;

    /// <summary>How often the projections could not go on because the database failed.</summary>
    public static readonly Counter<long> Faults;

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };

    private static readonly InstrumentAdvice<int> Few = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    static Instruments()
    {
        var meter = new Meter(Name);
        Events = meter.CreateCounter<long>("retention.ingest.events", "{event}", "Events sent, by outcome: accepted, duplicate, rejected");
        Append = meter.CreateHistogram("retention.append.duration", "s", "Time of an append, commit included", advice: Seconds);
        Group = meter.CreateHistogram("retention.append.group", "{request}", "Requests that shared a commit", advice: Few);
        Batch = meter.CreateHistogram("retention.projection.batch.duration", "s", "Time of a batch of the projections, commit included", advice: Seconds);
        Reflected = meter.CreateCounter<long>("retention.projection.events", "{event}", "Events reflected in read models");
        Fold = meter.CreateHistogram("retention.fold.duration", "s", "Time of a fold over all customers of a tenant", advice: Seconds);
        Answers = meter.CreateCounter<long>("retention.answers", "{answer}", "Answers to polled questions, by outcome: unchanged, kept, made");
        Problems = meter.CreateCounter<long>("retention.problems", "{request}", "Requests that ended in a problem, by code and status");
        Faults = meter.CreateCounter<long>("retention.projection.faults", "{fault}", "Failures of the database that held the projections up");
    }
}
