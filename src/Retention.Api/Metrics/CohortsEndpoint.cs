using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

public sealed record CohortColumn(int K);

/// <param name="Value">Customers, orders, or revenue in major units; null where not observable.</param>
public sealed record CohortCellFigures(int K, decimal? Value, double? Rate, PeriodStatus Status);

public sealed record CohortFigures(DateOnly Cohort, string? Group, long Size, long Period0Repeat, IReadOnlyList<CohortCellFigures> Cells);

/// <summary>One cell as a line of CSV.</summary>
public sealed record CohortLine(DateOnly Cohort, string? Group, int K, PeriodStatus Status, long Size, decimal? Value, double? Rate);

/// <summary><c>GET /v1/cohorts</c>.</summary>
public static class CohortsEndpoint
{
    private const int MostCells = 1_000_000;

    private static readonly string[] Own = ["mode", "measure", "entry", "start", "return", "alignment", "periods"];
    private static readonly string[] Modes = ["on", "on_or_after"];
    private static readonly string[] Measures = ["customers", "orders", "revenue"];

    private static readonly Dictionary<Grain, int> DefaultColumns = new()
    {
        [Grain.Day] = 30,
        [Grain.Week] = 12,
        [Grain.Month] = 12,
        [Grain.Quarter] = 8,
        [Grain.Year] = 5,
    };

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new(Own) { ExactRange = false, Groups = false });
        var question = request.Question;
        var asked = Asked(request.Query, ((Partition.ByGrain)question.Partition).Grain);
        var cells = (await CohortCells.ByCohortAsync(request.Snapshot, question, asked.Columns, http.RequestAborted)).Single().Cells;
        var (first, last) = request.Periods(cells.Where(cell => cell.Key.K == 0 && cell.Value.Customers > 0).Select(cell => (int?)cell.Key.Cohort).Min());
        if ((long)(last - first + 1) * (asked.Columns + 1) > MostCells)
            Refuse(request.Query, "periods", "too_many_cells", $"with the range makes more than {MostCells} cells; ask for fewer columns, a shorter range or a coarser grain");
        var table = Cohorts.Table(
            cells.Where(cell => cell.Key.Cohort >= first && cell.Key.Cohort <= last), question.Partition, question.AsOf, (asked.Mode, asked.Measure), asked.Columns);

        var cohorts = table.Cohorts.Select(cohort => new CohortFigures(
            question.Partition.StartOf(cohort.Cohort), null, cohort.Size, cohort.Period0Repeat,
            [.. cohort.Cells.Select(cell => new CohortCellFigures(cell.K, Value(cell.Value, asked.Measure, request.MoneyDigits), cell.Rate, cell.Status))])).ToList();
        if (request.Format == "csv")
            return Csv.Of(cohorts.SelectMany(cohort => cohort.Cells.Select(cell => new CohortLine(cohort.Cohort, cohort.Group, cell.K, cell.Status, cohort.Size, cell.Value, cell.Rate))).ToList());
        return Results.Json(new
        {
            metric = Catalogue.Cohorts.Name,
            definition = new { Catalogue.Cohorts.Name, Catalogue.Cohorts.Version },
            parameters = Parameters(request, asked, (first, last)),
            asOf = question.AsOf.Moment,
            position = request.Snapshot.Reflection.Position,
            columns = Enumerable.Range(0, asked.Columns + 1).Select(k => new CohortColumn(k)),
            cohorts,
            summary = table.Summary,
        }, MetricAnswer.Json);
    }

    private static (CohortMode Mode, CohortMeasure Measure, int Columns) Asked(QueryReader query, Grain grain)
    {
        var mode = query.Choice("mode", Modes) ?? "on";
        var measure = query.Choice("measure", Measures) ?? "customers";
        query.Choice("entry", ["first"]);
        query.Choice("start", ["order"]);
        query.Choice("return", ["order"]);
        query.Choice("alignment", ["calendar"]);
        if (measure != "customers" && mode != "on") query.Fault("mode", "not_allowed", $"must be on for measure {measure}");
        var columns = (int)(query.Whole("periods", 0, 5_000) ?? DefaultColumns[grain]);
        query.Done();
        return (mode == "on" ? CohortMode.On : CohortMode.OnOrAfter, (CohortMeasure)Array.IndexOf(Measures, measure), columns);
    }

    private static Dictionary<string, object?> Parameters(
        MetricRequest request, (CohortMode Mode, CohortMeasure Measure, int Columns) asked, (int First, int Last) range)
    {
        var parameters = request.Parameters(range);
        parameters["mode"] = Modes[(int)asked.Mode];
        parameters["measure"] = Measures[(int)asked.Measure];
        parameters["entry"] = "first";
        parameters["start"] = "order";
        parameters["return"] = "order";
        parameters["alignment"] = "calendar";
        parameters["periods"] = asked.Columns;
        return parameters;
    }

    private static decimal? Value(long? value, CohortMeasure measure, int moneyDigits) =>
        value is { } known && measure == CohortMeasure.Revenue ? Currency.FromUnits(known, moneyDigits) : value;

    private static void Refuse(QueryReader query, string name, string code, string message)
    {
        query.Fault(name, code, message);
        query.Done();
    }
}
