using System.Globalization;
using System.Numerics;
using Retention.Api.Clv;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Lifetime value of a cohort, in major units; every figure is null while its period is not observable.</summary>
/// <param name="Within">Net revenue per customer by window in days; null where the cohort is not old enough.</param>
/// <param name="PAlive">Mean; predicted figures are null where no model is in force.</param>
/// <param name="ExpectedPurchases">Per customer, within the horizon.</param>
/// <param name="ExpectedAverageValue">Of an expected purchase day; null without a model of value, like <paramref name="Clv"/>.</param>
/// <param name="Clv">Net revenue expected within the horizon, discounted, per customer.</param>
/// <param name="ClvSum">Of all customers.</param>
/// <param name="MarginShare">Margin / net revenue of the orders that state a margin; null where none does.</param>
/// <param name="ClvMargin">clv × marginShare.</param>
public sealed record ClvFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, string? Group, long? Customers, decimal? Revenue, double? RevenuePerCustomer, decimal? Margin,
    double? MarginPerCustomer, Dictionary<string, double?>? Within, double? PAlive, double? ExpectedPurchases, double? ExpectedAverageValue, double? Clv, double? ClvSum,
    double? MarginShare, double? ClvMargin)
{
    internal static ClvFigures Of(int cohort, string? group, ClvSums sums, MetricRequest request)
    {
        var (partition, asOf, (counts, scores)) = (request.Question.Partition, request.Question.AsOf, sums);
        var (from, to) = (partition.StartOf(cohort), partition.EndOf(cohort));
        var status = asOf.Of(partition, cohort);
        if (status == PeriodStatus.NotObservable)
            return new(from, from, to, status, group, null, null, null, null, null, null, null, null, null, null, null, null, null);
        var known = counts.MarginRevenue != 0 || counts.Margin != 0;
        var share = Domain.Metrics.MarginShare.Of(counts.Margin, counts.MarginRevenue);
        return new(
            from, from, to, status, group, counts.Customers, Currency.FromUnits(counts.Revenue, request.MoneyDigits), PerUnit.Money(counts.Revenue, counts.Customers),
            known ? Currency.FromUnits(counts.Margin, request.MoneyDigits) : null,
            known && counts.MarginRevenue == counts.Revenue ? PerUnit.Money(counts.Margin, counts.Customers) : null,
            HistoricClv.Windows.ToDictionary(
                days => $"{days}",
                days => HistoricClv.OldEnough(to, days, asOf) ? PerUnit.Money(HistoricClv.Within(counts, days), counts.Customers) : null),
            scores.PAlive, scores.ExpectedPurchases, scores.ExpectedAverageValue, scores.Clv, scores.ClvSum, share, scores.Clv * share);
    }
}

/// <summary>What a cohort has brought in, and what is expected of it.</summary>
internal readonly record struct ClvSums(ClvCounts Historic, ScoreSums Scores) : IAdditionOperators<ClvSums, ClvSums, ClvSums>
{
    public static ClvSums operator +(ClvSums a, ClvSums b) => new(a.Historic + b.Historic, a.Scores + b.Scores);
}

/// <summary>Cohorts, and by what they are scored.</summary>
public sealed record ClvAnswer : AnswerShape<ClvFigures>
{
    /// <summary>Null where none is in force.</summary>
    public required FitFigures? Fit { get; init; }

    /// <summary>The last day that scores have observed any of.</summary>
    public required DateOnly ObservationEnd { get; init; }

    public required SimpleClvFigures Simple { get; init; }
}

/// <summary><c>GET /v1/metrics/clv</c>: lifetime value by cohort, historic and predicted, and the simple one of all customers.</summary>
public static class ClvEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new([.. ScoringRequest.Parameters, .. SimpleClvRequest.Parameters]));
        var simple = SimpleClvRequest.Read(request);
        var scoring = await ScoringRequest.ReadAsync(request, http);
        var historic = await ClvCells.ByCohortAsync(request.Snapshot, request.Question, http.RequestAborted);
        var (scores, window) = await FoldAsync(request, scoring, simple, http.RequestAborted);
        var groups = TopGroups.Of(
            request, [.. historic.Select(group => Joined(group, scores.GetValueOrDefault(NameOf(group.Value))))],
            cells => cells.Values.Sum(sums => sums.Historic.Customers), TopGroups.Sum);
        var periods = await request.PeriodsAsync(
            First(historic), async everybody => First(await ClvCells.ByCohortAsync(request.Snapshot, everybody, http.RequestAborted)));
        var rows = groups.SelectMany(group => Enumerable.Range(periods.First, Math.Max(0, periods.Last - periods.First + 1))
            .Select(cohort => ClvFigures.Of(cohort, group.Value, group.Cells.GetValueOrDefault(cohort), request))).ToList();
        var parameters = request.Parameters(periods);
        scoring.Echo(parameters);
        simple.Echo(parameters);
        return MetricAnswer.Of(
            request, Catalogue.Clv, parameters, rows,
            [new("fit", scoring.Fit), new("observationEnd", ScoringRequest.ObservationEnd(request.Question.AsOf)), new("simple", simple.Figures(window, request))]);
    }

    private static int? First(IEnumerable<Group<IReadOnlyDictionary<int, ClvCounts>>> groups) =>
        groups.SelectMany(group => group.Cells).Where(cell => cell.Value.Customers > 0).Select(cell => (int?)cell.Key).Min();

    // One fold gives what is scored and the simple value; without a fit in force nothing is scored.
    private static async Task<(Dictionary<string, IReadOnlyDictionary<int, ScoreSums>> Scores, SimpleClvCounts Window)> FoldAsync(
        MetricRequest request, ScoringRequest scoring, SimpleClvRequest simple, CancellationToken ct)
    {
        var (question, end) = (request.Question, ScoringRequest.ObservationEnd(request.Question.AsOf));
        var folded = await request.Snapshot.FoldAsync(question, () => new Cells(new CohortPurchases(question.Partition, end)), (customer, cells) =>
        {
            if (scoring.Fitted is not null) cells.Cohorts.Add(customer);
            cells.Window += SimpleClvCounts.Of(customer, simple.From, simple.To);
        }, ct);
        var window = folded.Aggregate(default(SimpleClvCounts), (sum, group) => sum + group.Cells.Window);
        return (scoring.Fitted is null ? [] : folded.ToDictionary(group => NameOf(group.Value), group => group.Cells.Cohorts.Score(scoring.Of), StringComparer.Ordinal), window);
    }

    private static Group<IReadOnlyDictionary<int, ClvSums>> Joined(
        Group<IReadOnlyDictionary<int, ClvCounts>> group, IReadOnlyDictionary<int, ScoreSums>? scores) =>
        new(group.Value, group.Cells.ToDictionary(cell => cell.Key, cell => new ClvSums(cell.Value, scores?.GetValueOrDefault(cell.Key) ?? default)));

    // A group of customers without a value is no group of those whose value is empty.
    private static string NameOf(string? group) => group is null ? "" : $"={group}";

    private sealed class Cells(CohortPurchases cohorts) : IMergeable<Cells>
    {
        public CohortPurchases Cohorts => cohorts;

        public SimpleClvCounts Window { get; set; }

        public void Add(Cells others)
        {
            cohorts.Add(others.Cohorts);
            Window += others.Window;
        }
    }
}

/// <summary>The window and the margin of the simple value, in major units.</summary>
/// <param name="Arpa">Revenue per customer who was active at any time in the window.</param>
/// <param name="Margin">Share of revenue: as asked for, or of the window's orders that state one; null where none does.</param>
/// <param name="Value">arpa × margin / churn; null at zero churn, and where one of the three is unknown.</param>
public sealed record SimpleClvFigures(
    DateOnly From, DateOnly To, decimal Revenue, long Accounts, double? Arpa, double? Margin, long Opening, long Lost, double? Churn, double? Value);

/// <summary>Over which window, and with which margin, the simple lifetime value is asked for.</summary>
/// <param name="To">The day after the window: the day of the moment.</param>
/// <param name="Margin">A share of revenue; null for that of the orders that state one.</param>
internal sealed record SimpleClvRequest(DateOnly From, DateOnly To, decimal? Margin)
{
    public static readonly string[] Parameters = ["window", "margin"];

    private const int DefaultDays = 365;
    private const int MostDays = 3_660;

    public static SimpleClvRequest Read(MetricRequest request)
    {
        var (query, to) = (request.Query, request.Question.AsOf.Day);
        var days = query.Text("window") is { } text ? Days(text) : DefaultDays;
        if (days is null) query.Fault("window", "not_allowed", $"must be PnD with n from 1 to {MostDays}, such as P90D");
        var margin = query.Number("margin", 0, 1);
        query.Done();
        return new(to.AddDays(-days!.Value), to, (decimal?)margin);
    }

    public SimpleClvFigures Figures(SimpleClvCounts counts, MetricRequest request)
    {
        var simple = counts.Of(Margin);
        return new(
            From, To, Currency.FromUnits(counts.Revenue, request.MoneyDigits), simple.Accounts, (double?)(simple.Arpa / Currency.Scale), (double?)simple.Margin,
            simple.Opening, simple.Lost, (double?)simple.Churn, (double?)(simple.Value / Currency.Scale));
    }

    public void Echo(Dictionary<string, object?> parameters)
    {
        parameters["window"] = $"P{To.DayNumber - From.DayNumber}D";
        parameters["margin"] = Margin;
    }

    private static int? Days(string text) =>
        text is ['P', .. var number, 'D'] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= MostDays ? days : null;
}
