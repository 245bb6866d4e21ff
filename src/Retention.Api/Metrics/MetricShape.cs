using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>What a metric can be asked, besides what all can.</summary>
/// <param name="Own">Parameters besides the common ones.</param>
public sealed record MetricShape(params IReadOnlyList<string> Own)
{
    /// <summary>The parameters that every question takes.</summary>
    private static readonly string[] Common = ["tz", "asOf", "knownAt", "minPosition", "replay", "format"];

    private static readonly string[] OfCustomers = ["activity", "refunds", "filter"];

    private static readonly string[] OfPeriods = ["from", "to", "grain", "completeness"];

    /// <summary>Whether periods are answered; a list is of one moment.</summary>
    public bool Periods { get; init; } = true;

    /// <summary>Whether from and to without a grain ask for one row of exactly that range; else the grain is month.</summary>
    public bool ExactRange { get; init; } = true;

    /// <summary>Whether without a grain the whole range is one row, even where an end of it is not given.</summary>
    public bool WholeRange { get; init; }

    /// <summary>Whether there are periods of an hour.</summary>
    public bool Hours { get; init; }

    /// <summary>Whether customers can be grouped by a dimension.</summary>
    public bool Groups { get; init; } = true;

    /// <summary>What can be grouped by.</summary>
    public IReadOnlyList<string> Dimensions { get; init; } = QuestionReader.GroupDimensions;

    /// <summary>Dimensions of answers, not of customers, that can be filtered by.</summary>
    public IEnumerable<string> OfAnswers => Dimensions.Intersect(FeedbackPlan.OwnDimensions);

    /// <summary>Whether rows can be compared with the period before.</summary>
    public bool Compares { get; init; }

    /// <summary>Whether customers are counted, whose facts can be chosen and defined otherwise.</summary>
    public bool Filters { get; init; } = true;

    /// <summary>Whether the answer is one of a metric, which can carry a receipt.</summary>
    public bool Receipts { get; init; } = true;

    public IReadOnlyList<string> Parameters => [.. Periods ? OfPeriods : [], .. Common, .. Filters ? OfCustomers : [], .. Groups ? (string[])["groupBy"] : [], .. Compares ? (string[])["compare"] : [], .. Receipts ? (string[])["receipt"] : [], .. Own];
}
