using Retention.Api.Lineage;
using Retention.Api.Polling;
using Retention.Api.Security;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;
using Retention.Projections.Security;

namespace Retention.Api.Metrics;

/// <summary>
/// A metric question from a query string, at one consistent look at its tenant: what is asked, by which definition and as of when, with
/// the tenant's settings for whatever is not given.
/// </summary>
public sealed class MetricRequest : IAsyncDisposable
{
    /// <summary>So many rows a question may have of each group.</summary>
    internal const int MostPeriods = 20_000;

    private readonly Bound? from;
    private readonly Bound? to;
    private ReceiptBasis? basis;

    private MetricRequest(Snapshot snapshot, Question question, QueryReader query, string format, long? knownAt)
    {
        Snapshot = snapshot;
        Question = question;
        Query = query;
        Format = format;
        KnownAt = knownAt;
        Compares = query.Choice("compare", ["previous"]) is not null;
        (from, to) = QuestionReader.RangeOf(query, question);
    }

    public Snapshot Snapshot { get; }

    public Question Question { get; }

    public QueryReader Query { get; }

    /// <summary>Whether each row is compared with the period before.</summary>
    public bool Compares { get; }

    /// <summary>The position as of which the record is read, as it was asked for; null for all that is known.</summary>
    public long? KnownAt { get; }

    public Settings Settings => Snapshot.Reflection.Settings;

    /// <summary>How much of each row is known; null where it is not asked for.</summary>
    internal Completeness? Completeness { get; private set; }

    /// <summary>One of <see cref="AnswerFormat.Names"/>.</summary>
    public string Format { get; }

    /// <summary>Whether all groups are answered, however many there are.</summary>
    public bool IsExport => Format != AnswerFormat.Json || OfEach;

    /// <summary>Whether each customer is a group, for whoever asks about everyone who is behind a figure.</summary>
    public bool OfEach => Question.GroupBy == CustomerView.Itself;

    /// <summary>Whether a list is answered whole, and not by pages.</summary>
    public bool WholeList { get; private init; }

    /// <summary>Whether rows of few responses are answered like all others.</summary>
    public bool ShowsFew { get; private init; }

    /// <summary>The value that answers or complaints have of a dimension of their own, where only these count.</summary>
    public (string Dimension, string? Value)? Own { get; private init; }

    /// <summary>The grain's name; null where one row for exactly [from, to) is asked.</summary>
    public string? GrainName => Question.Partition switch
    {
        Partition.ByGrain { Grain: var grain } => GrainNames.Of(grain),
        Partition.ByHour => GrainNames.Of(Grain.Hour),
        _ => null,
    };

    /// <summary>Decimals of the tenant's currency; 2 before it has one.</summary>
    public int MoneyDigits => Settings.Currency is { } currency ? Currency.Digits(currency) ?? 2 : 2;

    /// <exception cref="ProblemException">400 for a wrong query; 503 when projections stay behind minPosition.</exception>
    public static async Task<MetricRequest> OpenAsync(HttpContext http, string tenant, MetricShape shape)
    {
        var (services, ct) = (http.RequestServices, http.RequestAborted);
        var query = QueryReader.Of(http).Only(shape.Parameters);
        var format = query.Choice("format", AnswerFormat.Names) ?? AnswerFormat.Accepted(http.Request.Headers.Accept);
        var minPosition = query.Whole("minPosition", 0, long.MaxValue);
        var receipt = query.Flag("receipt") == true;
        if (receipt && format != "json") query.Fault("receipt", "not_allowed", "is a part of JSON; leave it out for CSV");
        RefuseFaults(query, shape, services.GetRequiredService<TimeProvider>().GetUtcNow(), Caller.Of(http));
        await AwaitedPosition.WaitAsync(services, tenant, minPosition, ct);
        var replay = await Replays.ReplayEndpoints.ReadyAsync(services, tenant, query.Text("replay"), ct);
        var knownAt = await KnownPosition.ReadAsync(query, services, replay, ct);
        if (knownAt is { } known && replay is null) await AwaitedPosition.ReachAsync(services, tenant, known, ct);

        var snapshot = await Snapshot.OpenAsync(Replays.ReplayEndpoints.PlaceOf(services, replay), tenant, ct);
        try
        {
            var rewound = knownAt is { } position && await snapshot.RewindAsync(position, ct);
            var scope = http.Features.Get<FoldScope>();
            if (scope is not null) await snapshot.NarrowAsync(scope, ct);
            var question = QuestionReader.Read(query, shape, snapshot.Reflection, services.GetRequiredService<TimeProvider>().GetUtcNow());
            question = question with { KnownAt = scope?.Supposed?.To ?? (rewound ? knownAt!.Value : long.MaxValue), GroupBy = scope?.EachCustomer == true ? CustomerView.Itself : question.GroupBy };
            var request = new MetricRequest(snapshot, question, query, format, knownAt) { WholeList = scope?.WholeList == true, ShowsFew = scope?.ShowsFew == true, Own = scope?.Own };
            query.Done();
            if (query.Flag("completeness") == true) request.Completeness = await services.GetRequiredService<KnownCompleteness>().OfAsync(request, ct);
            query.Done();
            if (receipt) request.basis = await ReceiptBasis.ReadAsync(http, snapshot, replay);
            // What was known earlier, or is supposed, follows from more than what is reflected.
            if (knownAt is null && scope is null) http.Features.Set(new Found(snapshot.Reflection, question.AsOf.Moment));
            return request;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>The receipt of an answer; null where none is asked for.</summary>
    /// <param name="answer">As it is served, without the receipt.</param>
    internal Receipt? ReceiptOf(CatalogueEntry metric, object answer) =>
        basis is { } known ? Receipt.Of(metric, known, System.Text.Json.JsonSerializer.SerializeToElement(answer, MetricAnswer.Json)) : null;

    public ValueTask DisposeAsync() => Snapshot.DisposeAsync();

    /// <summary>The first and the last period that can be answered; without from everything counts, down to the smallest number.</summary>
    public (int First, int Last) Bounds
    {
        get
        {
            var partition = Question.Partition;
            if (partition is Partition.Exactly) return (0, 0);
            var last = to is { } end ? partition.IndexOf(end.Day.AddDays(-1), end.Ticks - 1) : partition.IndexOf(Question.AsOf.Day, Question.AsOf.Moment.UtcTicks);
            return (from is { } start ? partition.IndexOf(start.Day, start.Ticks) : int.MinValue, last);
        }
    }

    /// <summary>
    /// The periods asked for, both ends included: from and to widened to whole periods; by default from the first period that counts
    /// anything to the period of the moment.
    /// </summary>
    /// <param name="firstCounted">Null when nothing counts; without from there are then no periods.</param>
    /// <returns>Last &lt; First for none.</returns>
    /// <exception cref="ProblemException">400 for more periods than <paramref name="most"/>.</exception>
    public (int First, int Last) Periods(int? firstCounted, int most = MostPeriods)
    {
        var (first, last) = Bounds;
        if (first == int.MinValue) first = firstCounted ?? last + 1;
        if ((long)last - first >= most)
        {
            Query.Fault("from", "too_many_periods", $"with to spans more than {most} periods; ask for a shorter range or a coarser grain");
            Query.Done();
        }
        return (first, last);
    }

    /// <summary>Whether the range begins by default with what counts of everybody, and the question selects some.</summary>
    internal bool BeginsWithEverybody => from is null && Question.Selection.Conditions.Count > 0;

    /// <summary>As <see cref="Periods"/>; by default from the first period that counts anything of the tenant, whomever the question selects.</summary>
    /// <param name="firstCounted">Of those whom the question selects.</param>
    /// <param name="firstOf">The first period that counts anything by another question.</param>
    internal async Task<(int First, int Last)> PeriodsAsync(int? firstCounted, Func<Question, Task<int?>> firstOf, int most = MostPeriods)
    {
        var begins = BeginsWithEverybody && Question.Partition is not Partition.Exactly;
        return Periods(begins ? await firstOf(Question.OfEverybodyAlike) : firstCounted, most);
    }

    /// <summary>The rows of the periods asked for, each compared with the one before where that is asked for.</summary>
    /// <param name="rows">Makes the rows of consecutive periods, both ends included.</param>
    internal IEnumerable<TRow> Rows<TRow>((int First, int Last) periods, Func<int, int, IEnumerable<TRow>> rows)
        where TRow : ComparedRow =>
        Compares ? ComparedRow.Compare(rows(periods.First - 1, periods.Last)) : rows(periods.First, periods.Last);

    /// <summary>Parameters echoed, defaults included.</summary>
    public Dictionary<string, object?> Parameters((int First, int Last) periods)
    {
        var none = periods.Last < periods.First;
        var parameters = new Dictionary<string, object?>
        {
            ["from"] = none ? from is { } start ? PeriodStart.Of(start.Day) : null : PeriodStart.Of(Question, periods.First),
            ["to"] = none ? to is { } end ? PeriodStart.Of(end.Day) : null : PeriodStart.Of(Question, periods.Last + 1),
            ["grain"] = GrainName,
        }.Concat(Parameters()).Append(new("groupBy", Question.GroupBy)).ToDictionary();
        if (Compares) parameters["compare"] = "previous";
        if (Completeness is not null) parameters["completeness"] = true;
        return parameters;
    }

    /// <summary>Parameters echoed, defaults included, of a question without periods.</summary>
    public Dictionary<string, object?> Parameters()
    {
        var parameters = new Dictionary<string, object?>
        {
            ["tz"] = Question.Definition.Calendar.Zone,
            ["weekStart"] = Question.Definition.WeekStart.ToString().ToLowerInvariant(),
            ["asOf"] = Question.AsOf.Moment,
            ["activity"] = $"window:{Question.Definition.ActivityDays}d",
            ["refunds"] = Question.Definition.Refunds.ToString().ToLowerInvariant(),
            ["filter"] = Question.Selection.Conditions.Select(condition => condition.Text).ToArray(),
        };
        if (KnownAt is { } position) parameters["knownAt"] = position;
        if (Query.Text("replay") is { } replay) parameters["replay"] = replay;
        return parameters;
    }

    /// <summary>Reads everything once with the default settings, so that a wrong query does not wait first.</summary>
    private static void RefuseFaults(QueryReader query, MetricShape shape, DateTimeOffset now, Caller caller)
    {
        var question = QuestionReader.Read(query, shape, Reflection.Nothing, now);
        QuestionReader.RangeOf(query, question);
        query.Done();
        // Whoever may count those with a value can find out the value by trying.
        if (!caller.ReadsPersonal && question.Selection.PersonalNames.Except(shape.OfAnswers).Any()) throw Gate.MissingScope(Scopes.ReadPersonal);
    }
}
