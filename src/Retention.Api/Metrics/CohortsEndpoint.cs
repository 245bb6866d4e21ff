using System.Text.Json;
using System.Text.Json.Serialization;
using Retention.Api.Lineage;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <param name="Value">Customers or orders, or money in major units; null where not observable.</param>
public sealed record CohortCellFigures(ColumnKey K, decimal? Value, double? Rate, PeriodStatus Status)
{
    /// <summary>How much of the cell's period is known; only with <c>completeness=true</c>, and null where nothing tells.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Completeness { get; init; }
}

public sealed record CohortFigures(PeriodStart Cohort, string? Group, long Size, long Period0Repeat, IReadOnlyList<CohortCellFigures> Cells);

public sealed record CohortSummaryFigures(ColumnKey K, double? Rate, int Cohorts);

/// <summary>The summary over one group's cohorts.</summary>
public sealed record CohortGroupFigures(string? Group, IReadOnlyList<CohortSummaryFigures> Summary);

public sealed record CohortColumnFigures(ColumnKey K);

/// <param name="Parameters">The question with all defaults.</param>
/// <param name="Summary">Over the cohorts of all groups together.</param>
/// <param name="Groups">The same over those of each group; absent where nothing is grouped by.</param>
public sealed record CohortAnswer(
    string Metric, DefinitionShape Definition, Dictionary<string, object?> Parameters, DateTimeOffset AsOf, long Position,
    IReadOnlyList<CohortColumnFigures> Columns, IReadOnlyList<CohortFigures> Cohorts, IReadOnlyList<CohortSummaryFigures> Summary,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<CohortGroupFigures>? Groups)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Receipt? Receipt { get; init; }
}

/// <summary>One cell as a line of CSV.</summary>
public sealed record CohortLine(PeriodStart Cohort, string? Group, ColumnKey K, PeriodStatus Status, long Size, decimal? Value, double? Rate)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Completeness { get; init; }
}

/// <summary><c>GET /v1/cohorts</c>.</summary>
public static class CohortsEndpoint
{
    private const int MostCells = 1_000_000;

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        var shape = new MetricShape(CohortParameters.Names) { ExactRange = false, Hours = true };
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, shape);
        var frame = FrameOf(request);
        var groups = TopGroups.Of(
            request, await CohortAnswers.ByGroupAsync(request.Snapshot, request.Question, frame, http.RequestAborted),
            sums => sums.ByCohort.Values.Sum(cohort => cohort.Size), sums => Sum(sums, frame));
        var firstCohort = groups.SelectMany(group => group.Cells.ByCohort.Keys).Select(cohort => (int?)cohort).Min();
        // Cohorts that nobody is in are left out: a long history of hours is no long answer, and only a range that was asked for is one.
        var range = await request.PeriodsAsync(firstCohort, async everybody =>
            (await CohortAnswers.ByGroupAsync(request.Snapshot, everybody, frame, http.RequestAborted)).SelectMany(group => group.Cells.ByCohort.Keys).Select(cohort => (int?)cohort).Min(),
            request.Query.Has("from") ? MetricRequest.MostPeriods : int.MaxValue);
        RefuseTooMany(request, frame, groups);

        var tables = groups.Select(group => new Group<CohortTable>(group.Value, CohortTable.Of(group.Cells, frame))).ToList();
        var cohorts = tables.SelectMany(table => table.Cells.Cohorts.Select(row => FiguresOf(row, table.Value, frame.Asked, request))).ToList();
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, cohorts.SelectMany(Lines).ToList());
        var grouped = request.Question.GroupBy is not null;
        var whole = grouped ? CohortTable.Of(Sum(groups.Select(group => group.Cells), frame), frame) : tables.Single().Cells;
        var parameters = request.Parameters(range);
        CohortParameters.Echo(parameters, frame.Asked);
        var answer = new CohortAnswer(
            Catalogue.Cohorts.Name, new DefinitionShape(Catalogue.Cohorts.Name, Catalogue.Cohorts.Version), parameters, request.Question.AsOf.Moment,
            request.Snapshot.Reflection.Position, [.. frame.Asked.Columns.All.Select(column => new CohortColumnFigures(new(column)))], cohorts,
            FiguresOf(whole.Summary), grouped ? [.. tables.Select(table => new CohortGroupFigures(table.Value, FiguresOf(table.Cells.Summary)))] : null);
        return Results.Json(answer with { Receipt = request.ReceiptOf(Catalogue.Cohorts, answer) }, MetricAnswer.Json);
    }

    private static CohortFrame FrameOf(MetricRequest request)
    {
        var question = request.Question;
        var grain = question.Partition is Partition.ByGrain byGrain ? byGrain.Grain : Grain.Hour;
        var asked = CohortParameters.Read(request.Query, grain);
        var (first, last) = request.Periods(firstCounted: null);
        var known = request.Query.Has("from");
        if (known) RefuseTooMany(request, asked, (first, last));
        return new CohortFrame(asked, question.Definition, question.Partition, question.AsOf)
        {
            Cohorts = new CohortRange(known ? first : int.MinValue, last, MostCells),
        };
    }

    private static CohortSums Sum(IEnumerable<CohortSums> parts, CohortFrame frame)
    {
        var sum = frame.NoSums();
        foreach (var part in parts) sum.Add(part);
        return sum;
    }

    /// <summary>Groups of an export are without limit; what they are made of is not.</summary>
    private static void RefuseTooMany(MetricRequest request, CohortFrame frame, IReadOnlyList<Group<CohortSums>> groups)
    {
        var cells = groups.Sum(group => (long)group.Cells.ByCohort.Count * frame.Asked.Columns.Count);
        if (groups.Any(group => group.Cells.Overflowed) || (!request.IsExport && cells > MostCells)) RefuseTooMany(request.Query);
    }

    private static void RefuseTooMany(MetricRequest request, CohortQuestion asked, (int First, int Last) range)
    {
        if (((long)range.Last - range.First + 1) * asked.Columns.Count > MostCells) RefuseTooMany(request.Query);
    }

    private static void RefuseTooMany(QueryReader query)
    {
        query.Fault(
            "periods", "too_many_cells",
            $"with the range makes more than {MostCells} cells; ask for fewer columns, a shorter range or a coarser grain");
        query.Done();
    }

    private static CohortFigures FiguresOf(CohortRow row, string? group, CohortQuestion asked, MetricRequest request)
    {
        return new CohortFigures(
            PeriodStart.Of(request.Question, row.Cohort), group, row.Size, row.Period0Repeat,
            [.. row.Cells.Select(cell => new CohortCellFigures(
                new(cell.Column), cell.Value is { } value ? Value(value) : null, cell.Rate, cell.Status) { Completeness = Known(cell.Column) })]);

        // Columns that are not of one period each are of no days that could be over.
        double? Known(CohortColumn column) => request.Completeness is { } completeness && asked.Alignment == CohortAlignment.Calendar && column.Bracket is null && request.Question.Partition.OfDays
            ? completeness.OfRow(PeriodStart.Of(request.Question, row.Cohort + column.First).Text, PeriodStart.Of(request.Question, row.Cohort + column.First + 1).Text)
            : null;

        decimal Value(long value) => asked.Measure switch
        {
            CohortMeasure.Revenue or CohortMeasure.CumulativeRevenue => Currency.FromUnits(value, request.MoneyDigits),
            CohortMeasure.CumulativeRevenuePerCustomer => decimal.Round((decimal)value / Currency.Scale / row.Size, 12),
            _ => value,
        };
    }

    private static IReadOnlyList<CohortSummaryFigures> FiguresOf(IReadOnlyList<CohortSummary> summary) =>
        [.. summary.Select(column => new CohortSummaryFigures(new(column.Column), column.Rate, column.Cohorts))];

    private static IEnumerable<CohortLine> Lines(CohortFigures cohort) =>
        cohort.Cells.Select(cell => new CohortLine(cohort.Cohort, cohort.Group, cell.K, cell.Status, cohort.Size, cell.Value, cell.Rate) { Completeness = cell.Completeness });
}

/// <summary>How an answer names a column: the number of its period, or the bracket as it was given.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct ColumnKey(CohortColumn Column)
{
    public override string ToString() => Column.ToString();

    private sealed class Converter : JsonConverter<ColumnKey>
    {
        public override ColumnKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, ColumnKey value, JsonSerializerOptions options)
        {
            if (value.Column.Bracket is { } bracket) writer.WriteStringValue(bracket);
            else writer.WriteNumberValue(value.Column.First);
        }
    }
}
