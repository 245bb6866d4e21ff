using Retention.Domain.Clv;
using Retention.Domain.Definitions;

namespace Retention.Projections.ReadModels;

/// <summary>The sufficient statistics of the predictive models, see <see cref="PurchaseSpans"/>.</summary>
public static class PurchaseSpanCells
{
    internal static CellTable<PurchaseSpanCell, PurchaseSpanCounts> Table { get; } = new(
        "purchase_span_cells",
        [
            KeyColumn<PurchaseSpanCell>.Day("first_day", cell => cell.FirstDay), KeyColumn<PurchaseSpanCell>.Day("last_day", cell => cell.LastDay),
            KeyColumn<PurchaseSpanCell>.Whole("frequency", cell => cell.Frequency),
        ],
        [new("customers", counts => counts.Customers)])
    {
        // Almost every further purchase leaves a combination that nobody else has.
        KeepsNoZeros = true,
    };

    /// <summary>
    /// What a fit learns from, at the end of a day, by a definition. Purchases come from the maintained counts where no fact lies after the
    /// end, so that of the histories only customers with repeats are looked at, for what they spent; else all are folded.
    /// </summary>
    public static async Task<ClvSample> SampleAsync(Snapshot snapshot, Definition definition, DateOnly observationEnd, CancellationToken ct)
    {
        var question = new Question(
            definition, AsOf.In(definition.Calendar, definition.Calendar.StartOf(observationEnd.AddDays(1))), definition.By(Grain.Day));
        var maintained = snapshot.Maintained(question) is { Dimension: "" };
        var statistics = maintained ? PurchaseStatistics.Of(await SpansAsync(snapshot, ct), observationEnd) : null;
        var folded = await snapshot.FoldAsync(question, () => new ObservedCustomers(), (customer, observed) =>
        {
            if (maintained && customer.Orders.Length < 2) return;
            if (CustomerPurchases.Of(customer, observationEnd) is { } purchases && (!maintained || purchases.Frequency > 0)) observed.Add(purchases);
        }, ct);
        return ClvSample.Of(folded.Single().Cells.Customers, statistics);
    }

    private static async Task<List<PurchaseSpan>> SpansAsync(Snapshot snapshot, CancellationToken ct)
    {
        const string sql = "select first_day, last_day, frequency, customers from {schema}.purchase_span_cells where tenant_id = $1 and customers <> 0";
        var spans = new List<PurchaseSpan>();
        await foreach (var row in snapshot.RowsAsync(sql, [], ct))
            spans.Add(new PurchaseSpan(row.GetFieldValue<DateOnly>(0), row.GetFieldValue<DateOnly>(1), row.GetInt32(2), row.GetInt64(3)));
        return spans;
    }
}
