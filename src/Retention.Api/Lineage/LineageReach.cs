using System.Globalization;
using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Lineage;

/// <summary>
/// Who can be behind a cell at all, by a glance at when things happened, so that the metric is asked about few. Whoever adds anything to the
/// cell is among them; not all of them do.
/// </summary>
internal sealed class LineageReach
{
    private readonly LineageCell cell;
    private readonly Func<CustomerView, bool> reaches;

    private LineageReach(LineageCell cell, Func<CustomerView, bool> reaches) => (this.cell, this.reaches) = (cell, reaches);

    /// <summary>Whether a customer may add something; said of the group and of the customers that filters choose.</summary>
    public bool Includes(CustomerView customer) =>
        reaches(customer) && cell.Group?.MayHold(customer) != false
        && (cell.Selection.NamesDetails || cell.Selection.Includes(customer));

    /// <param name="cell">As it answers; its definition says how far back it reaches.</param>
    public static LineageReach Of(LineageCell cell)
    {
        if (cell.Question.IsList) return new(cell, cell.IsOfBuyers ? customer => !customer.Orders.IsEmpty : customer => !customer.Others.IsEmpty);
        if (cell.Days is not var (from, to)) return new(cell, _ => true);
        var calendar = cell.Definition.Calendar;
        var (start, end) = (calendar.StartOf(from.AddDays(-Math.Min(DaysBack(cell, to.DayNumber - from.DayNumber), from.DayNumber))).UtcTicks, calendar.StartOf(to).UtcTicks);
        // A complaint waits until it is closed, and who lapses by its own rhythm may do so long after.
        if (cell.Question.Metric == VoiceCatalogue.Complaints) return new(cell, customer => Bought(customer, start, end) || Did(customer, long.MinValue, end));
        if (cell.Question.Metric == VoiceCatalogue.WinBack)
        {
            var by = (AsOf.In(calendar, cell.AsOf), new LapsedRegularRules());
            return new(cell, customer => WinBack.MayCount(customer, by, (from, to)));
        }
        return new(cell, customer => Bought(customer, start, end) || Did(customer, start, end));
    }

    /// <summary>How many days before a period facts may still count in it.</summary>
    private static int DaysBack(LineageCell cell, int days)
    {
        // The period before may be longer by the days in which months, quarters and years differ.
        const int unlike = 4;
        if (cell.Question.Metric == Catalogue.Retention) return cell.Definition.ActivityDays + 1;
        if (cell.Question.Metric == Catalogue.Lifecycle || cell.Question.Metric == Catalogue.RevenueRetention) return days + unlike;
        return VoiceCatalogue.All.Contains(cell.Question.Metric) && cell.Answer.GetProperty("parameters").TryGetProperty("window", out var window) && window.ValueKind == JsonValueKind.String
            && int.TryParse(window.GetString().AsSpan(1, window.GetString()!.Length - 2), CultureInfo.InvariantCulture, out var trailing) ? trailing : 0;
    }

    private static bool Bought(CustomerView customer, long start, long end)
    {
        var (from, to) = customer.Columns.PurchasesOf(customer.Customer);
        foreach (var at in customer.Columns.Purchases.OccurredAt[from..to])
        {
            if (at >= start && at < end) return true;
        }
        return false;
    }

    private static bool Did(CustomerView customer, long start, long end)
    {
        foreach (var (at, _) in customer.Others)
        {
            if (at >= start && at < end) return true;
        }
        return false;
    }
}
