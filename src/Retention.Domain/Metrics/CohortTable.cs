using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>
/// Cohorts by column. A cell's rate is its value over the cohort's size; a cell whose period has not begun has neither. Column 0 is the
/// size (of customers) or period 0's own sum (of orders and revenue).
/// </summary>
/// <param name="Cohorts">In order, without those that nobody is in.</param>
/// <param name="Summary">Of each column's complete cells.</param>
public sealed record CohortTable(IReadOnlyList<CohortRow> Cohorts, IReadOnlyList<CohortSummary> Summary)
{
    public static CohortTable Of(CohortSums sums, CohortFrame frame)
    {
        var rows = sums.ByCohort.Where(cohort => cohort.Value.Size > 0).OrderBy(cohort => cohort.Key)
            .Select(cohort => RowOf(cohort.Key, cohort.Value, frame)).ToList();
        return new CohortTable(rows, [.. frame.Asked.Columns.All.Select((column, place) => SummaryOf(column, place, rows, frame.Asked))]);
    }

    private static CohortRow RowOf(int cohort, CohortSum sum, CohortFrame frame)
    {
        var (asked, values) = (frame.Asked, (long[])sum.Values.Clone());
        if (asked.CountsCustomers && asked.Mode == CohortMode.OnOrAfter) SumFromTheEnd(values);
        if (asked.Cumulates || (asked.CountsCustomers && asked.Mode == CohortMode.OnOrBefore)) SumFromTheStart(values);
        if (asked.CountsCustomers) values[0] = sum.Size;
        return new CohortRow(cohort, sum.Size, sum.Again, [.. asked.Columns.All.Select((column, place) => CellOf(column, values[place]))]);

        CohortCellValue CellOf(CohortColumn column, long value)
        {
            var status = frame.StatusOf(cohort, column);
            return status == PeriodStatus.NotObservable ? new(column, null, null, status)
                : new(column, value, asked.CountsCustomers ? (double)value / sum.Size : null, status);
        }
    }

    private static CohortSummary SummaryOf(CohortColumn column, int place, List<CohortRow> rows, CohortQuestion asked)
    {
        var complete = rows.Where(row => row.Cells[place].Status == PeriodStatus.Complete).ToList();
        if (!asked.CountsCustomers || complete.Count == 0) return new CohortSummary(column, null, complete.Count);
        var rate = asked.Summary == CohortSummaryKind.Simple
            ? complete.Average(row => row.Cells[place].Rate!.Value)
            : (double)complete.Sum(row => row.Cells[place].Value!.Value) / complete.Sum(row => row.Size);
        return new CohortSummary(column, rate, complete.Count);
    }

    private static void SumFromTheStart(long[] values)
    {
        for (var column = 1; column < values.Length; column++) values[column] += values[column - 1];
    }

    private static void SumFromTheEnd(long[] values)
    {
        for (var column = values.Length - 2; column >= 0; column--) values[column] += values[column + 1];
    }
}

/// <param name="Cohort">The period that its customers entered in.</param>
/// <param name="Period0Repeat">Customers who returned within it: with a second order, where orders are asked for.</param>
public sealed record CohortRow(int Cohort, long Size, long Period0Repeat, IReadOnlyList<CohortCellValue> Cells);

/// <param name="Value">
/// Customers or orders, or revenue in ten-thousandths, which for revenue per customer is still to be divided by the size; null where not
/// observable.
/// </param>
/// <param name="Rate">Value / size; null for orders and revenue.</param>
public sealed record CohortCellValue(CohortColumn Column, long? Value, double? Rate, PeriodStatus Status);

/// <param name="Rate">Null for orders and revenue, and without a complete cell.</param>
/// <param name="Cohorts">How many cohorts have a complete cell in the column.</param>
public sealed record CohortSummary(CohortColumn Column, double? Rate, int Cohorts);
