using System.Globalization;
using System.Text.Json;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary><c>GET /v1/cohorts</c> of imported files against SQL over their rows, cell by cell.</summary>
[Collection(nameof(ImportedShops))]
public sealed class CohortRecountTests(ImportedShops shops)
{
    private static readonly (string Measure, string Mode, Func<Recount.Cell, decimal> Value)[] Questions =
    [
        ("customers", "on", cell => cell.Customers), ("customers", "on_or_after", cell => cell.Since),
        ("orders", "on", cell => cell.Orders), ("revenue", "on", cell => cell.Revenue),
    ];

    public static TheoryData<string, string> Moments => ImportedShops.Moments;

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Every_cell_of_the_months_is_the_recounted_one(string mapping, string when) =>
        await HoldsAsync(mapping, when, "month", 9);

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Every_cell_of_the_weeks_is_the_recounted_one(string mapping, string when) =>
        await HoldsAsync(mapping, when, "week", 20);

    // Fewer columns than the data has periods: orders beyond the last one count in on_or_after.
    private async Task HoldsAsync(string mapping, string when, string grain, int periods)
    {
        var asked = await shops[mapping].AskAsync(when);
        var recounted = await asked.Recount.CohortsAsync(grain, asked.AsOf, periods);
        recounted.Count(cell => cell.Customers > 0).ShouldBeGreaterThan(10);
        foreach (var (measure, mode, value) in Questions)
        {
            var question = $"/v1/cohorts?grain={grain}&periods={periods}&measure={measure}&mode={mode}{asked.Query}";
            Cell[] expected =
            [
                .. recounted.Select(cell => new Cell(
                    cell.Cohort, cell.Size, cell.K, cell.Status, cell.Status == "not_observable" ? null : value(cell))),
            ];

            var answer = await asked.Tenant.AskAsync(question);
            Cells(answer).ShouldBe(expected, question);
            Cells(CsvLines.Of(await asked.Tenant.AskAsync($"{question}&format=csv"))).ShouldBe(expected, question);
            Repeaters(answer).ShouldBe(recounted.Where(cell => cell.K == 0).Select(cell => cell.Repeaters), question);
            if (measure == "customers") RatesHold(answer, expected);
        }
    }

    private static IEnumerable<Cell> Cells(Answer answer) =>
        from cohort in answer.List("cohorts")
        from cell in cohort.GetProperty("cells").EnumerateArray()
        let value = cell.GetProperty("value")
        select new Cell(
            cohort.Day("cohort"), cohort.Count("size"), (int)cell.Count("k"), cell.Word("status"),
            value.ValueKind == JsonValueKind.Null ? null : value.GetDecimal());

    private static IEnumerable<Cell> Cells(List<Dictionary<string, string>> lines) => lines.Select(line => new Cell(
        Figures.Day(line["cohort"]), long.Parse(line["size"], CultureInfo.InvariantCulture),
        int.Parse(line["k"], CultureInfo.InvariantCulture), line["status"],
        line["value"] is "" ? null : decimal.Parse(line["value"], CultureInfo.InvariantCulture)));

    private static IEnumerable<long> Repeaters(Answer answer) =>
        answer.List("cohorts").Select(cohort => cohort.Count("period0Repeat"));

    /// <summary>Rates are value / size, and the summary pools the complete cells.</summary>
    private static void RatesHold(Answer answer, Cell[] expected)
    {
        var cells = answer.List("cohorts").SelectMany(cohort => cohort.GetProperty("cells").EnumerateArray());
        cells.Select(cell => cell.Rate("rate")).ShouldBe(
            expected.Select(cell => cell.Value is { } value ? (double)value / cell.Size : (double?)null));

        var pooled =
            from column in expected.GroupBy(cell => cell.K)
            let complete = column.Where(cell => cell.Status == "complete").ToList()
            let size = complete.Sum(cell => cell.Size)
            select (complete.Count, size == 0 ? (double?)null : (double)complete.Sum(cell => cell.Value!.Value) / size);
        answer.List("summary").Select(column => (column.GetProperty("cohorts").GetInt32(), column.Rate("rate"))).ShouldBe(pooled);
    }

    private sealed record Cell(DateOnly Cohort, long Size, int K, string Status, decimal? Value);
}
