using System.Globalization;
using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>A group of a metric's rows.</summary>
/// <param name="OfFacts">Whether answers or complaints have the value, and not their customers.</param>
internal sealed record LineageGroup(string Dimension, string? Value, bool OfFacts)
{
    /// <summary>A scope that counts this group alone.</summary>
    public FoldScope In(FoldScope scope) => OfFacts ? scope with { Own = (Dimension, Value) } : scope with { Group = (Dimension, Value) };

    /// <summary>Whether a customer may be in it.</summary>
    public bool MayHold(CustomerView customer) => OfFacts || customer.DimensionOf(Dimension) == Value;
}

/// <summary>A cell of a metric, as of a position and a moment: what it says, and what each customer adds to it.</summary>
/// <param name="Question">For the one row of the cell.</param>
/// <param name="Answer">To it.</param>
internal sealed record LineageCell(MetricQuestion Question, LineageShare Share, LineageGroup? Group, JsonElement Answer)
{
    /// <summary>Lists of customers who have ordered.</summary>
    private static readonly CatalogueEntry[] Bought = [Catalogue.Rfm, Catalogue.LapsedRegulars, Catalogue.AtRisk];

    private Selection? selection;

    private readonly JsonElement parameters = Answer.GetProperty("parameters");

    public long Position => Answer.GetProperty("position").GetInt64();

    public DateTimeOffset AsOf => Answer.GetProperty("asOf").GetDateTimeOffset();

    /// <summary>The figures of the cell, as the metric serves them.</summary>
    public IReadOnlyDictionary<string, decimal?> Figures =>
        Question.IsList ? new Dictionary<string, decimal?> { [AnswerRows.Listed] = ListedIn(Answer) } : Share.FiguresOf(AnswerRows.Of(Answer));

    /// <summary>Local days, half-open; null where the metric counts nothing yet.</summary>
    public (DateOnly From, DateOnly To)? Days =>
        DayOf("from") is { } from && DayOf("to") is { } to ? (from, to > from ? to : from.AddDays(1)) : null;

    /// <summary>The definition that the answer echoes.</summary>
    public Definition Definition => new(
        Domain.Definitions.Calendar.In(TextOf("tz"))!, Settings.Weekday(TextOf("weekStart"))!.Value,
        int.Parse(TextOf("activity")["window:".Length..^1], CultureInfo.InvariantCulture), Enum.Parse<RefundAttribution>(TextOf("refunds"), ignoreCase: true));

    /// <summary>Whether the cell is a list of customers who have ordered.</summary>
    public bool IsOfBuyers => Bought.Contains(Question.Metric);

    /// <summary>Which customers count; answers have dimensions of their own to be chosen by.</summary>
    public Selection Selection => selection ??= new Selection([.. parameters.GetProperty("filter").EnumerateArray().Select(filter => Condition.Parse(filter.GetString()!).Condition!)])
        .Without(FeedbackPlan.OfAnswers(Question.Metric) ? FeedbackPlan.OwnDimensions : []);

    public static async Task<LineageCell> AskAsync(HttpContext http, MetricQuestion question, LineageShare share, LineageGroup? group)
    {
        // What is shown by customers is shown in sum, too, however few they are.
        var scope = new FoldScope { ShowsFew = true };
        var alone = group is not null ? group.In(scope) : FeedbackPlan.OfAnswers(question.Metric) && question.Has("filter") ? scope : null;
        return new(question, share, group, await question.AskAsync(http, alone));
    }

    /// <summary>What customers add, by the ids that they go by; whoever adds nothing may be missing.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, decimal?>>> EachAsync(HttpContext http, FoldScope scope)
    {
        var rows = await RowsAsync(http, scope);
        return rows.ToDictionary(own => own.Key, Share.FiguresOf, StringComparer.Ordinal);
    }

    /// <summary>All rows of customers, as the metric answers for each of them alone.</summary>
    public async Task<IEnumerable<IGrouping<string, AnswerRow>>> RowsAsync(HttpContext http, FoldScope scope)
    {
        var pinned = Question.With("knownAt", Position.ToString(CultureInfo.InvariantCulture)).With("asOf", Timestamp.Format(AsOf));
        var rows = Question.IsList
            ? AnswerRows.OfList(Question.Metric, await pinned.AskAsync(http, scope with { WholeList = true }))
            : AnswerRows.Of(await pinned.AskAsync(http, (Group?.In(scope) ?? scope) with { EachCustomer = true }));
        return rows.Where(row => row.Group is not null).GroupBy(row => row.Group!, StringComparer.Ordinal);
    }

    /// <summary>The sums among figures that are not 0.</summary>
    public Dictionary<string, decimal> Added(IReadOnlyDictionary<string, decimal?> figures) => figures
        .Where(figure => figure.Value is not null and not 0 && AnswerRows.IsSum(Question.Metric, figure.Key)).ToDictionary(figure => figure.Key, figure => figure.Value!.Value);

    /// <summary>Why a customer is not in the denominator.</summary>
    public string ReasonOf(CustomerView customer)
    {
        if (!Selection.Includes(customer)) return "filtered";
        if (Group?.MayHold(customer) == false) return "other_group";
        if (Question.IsList) return customer.Orders.IsEmpty && IsOfBuyers ? customer.Invalid.IsEmpty ? "no_order" : "no_valid_order" : "not_listed";
        if (VoiceCatalogue.All.Contains(Question.Metric)) return "nothing_in_period";
        if (customer.Orders.IsEmpty) return customer.Invalid.IsEmpty ? "no_order" : "no_valid_order";
        if (Days is not var (from, to)) return "nothing_in_period";
        var acquired = customer.Orders[0].Day;
        if (Question.Metric.Name == Catalogue.Cohorts.Name) return "other_cohort";
        return acquired >= to ? "acquired_later" : acquired >= from ? "acquired_in_period"
            : Question.Metric.Name == Catalogue.Retention.Name ? "not_active_at_start" : "nothing_in_period";
    }

    /// <summary>How many rows a list has, however many of them are on the page.</summary>
    private decimal ListedIn(JsonElement answer)
    {
        if (answer.TryGetProperty("segments", out var segments) && parameters.GetProperty("segment").GetString() is { } segment)
            return segments.EnumerateArray().Single(each => each.GetProperty("name").GetString() == segment).GetProperty("customers").GetDecimal();
        return (answer.TryGetProperty("count", out var count) ? count : answer.GetProperty("customers")).GetDecimal();
    }

    private DateOnly? DayOf(string name) => parameters.TryGetProperty(name, out var day) && day is { ValueKind: JsonValueKind.String } text ? QueryReader.TryDate(text.GetString()![..10]) : null;

    private string TextOf(string name) => parameters.GetProperty(name).GetString()!;
}
