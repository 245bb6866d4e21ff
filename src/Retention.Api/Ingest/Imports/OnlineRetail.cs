using NodaTime;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// A UK gift wholesaler's invoice lines (UCI, Online Retail): columns <c>InvoiceNo</c>, <c>StockCode</c>, <c>Quantity</c>,
/// <c>InvoiceDate</c>, <c>UnitPrice</c>, <c>CustomerID</c>, <c>Country</c>, in any order; others, such as <c>Description</c>, are not stored.
/// Lines without CustomerID are counted and reported, not stored. Other lines of one InvoiceNo without <c>C</c> form one purchase:
/// orderId = InvoiceNo, occurredAt = its earliest InvoiceDate read in Europe/London, total = Σ Quantity × UnitPrice rounded half away from
/// zero to the penny, currency GBP, country into the customer's attributes, lines kept (a line of price 0 counts 0). A negative total is
/// refused with its line numbers. <c>C</c> lines are returns: <see cref="OnlineRetailReturns"/>.
/// <para>
/// Ids are taken literally (<c>17850.0</c>). Without <c>C</c> means not beginning with a capital C, so <c>A563185</c> is a purchase. A
/// quantity or price below 0 counts with its sign. An InvoiceNo with several CustomerIDs is refused whole (<c>two_customers</c>); one with
/// several countries has that of its earliest line, and a note (<c>two_countries</c>). A local time that the clocks skip moves on by the
/// skipped hour; one that they repeat is the first. <c>customer_changed</c> with <c>attributes.country</c> accompanies the customer's first
/// stored purchase and every later one, by (occurredAt, orderId), whose country is another; an empty country changes nothing.
/// </para>
/// <para>
/// Event ids are InvoiceNo; InvoiceNo/country; and for a refund C-InvoiceNo/n/orderId, n counting the invoice's lines in the file from 1.
/// Events come in the order of occurredAt. A purchase may have any line after another's, so all lines with a customer are held in memory,
/// about 150 bytes each.
/// </para>
/// </summary>
public static class OnlineRetail
{
    private const int InvoiceNo = 0, StockCode = 1, Quantity = 2, InvoiceDate = 3, UnitPrice = 4, CustomerId = 5, Country = 6;

    private static readonly string[] Columns =
        ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

    private static readonly DateTimeZone London = DateTimeZoneProviders.Tzdb["Europe/London"];

    public static Mapping Mapping { get; } = new("online-retail", London.Id, "GBP", Read);

    /// <param name="Number">Its line in the file.</param>
    /// <param name="Ordinal">Its place among the lines of its invoice in the file, from 1; lines that are not used count too.</param>
    internal sealed record Line(
        long Number, string Invoice, int Ordinal, string Customer, string Stock, decimal Quantity, LocalDateTime Time, decimal Price,
        string Country)
    {
        public bool IsReturn => Invoice.StartsWith('C');

        public DateTimeOffset At => London.AtLeniently(Time).ToDateTimeOffset();
    }

    /// <param name="Total">In pounds, rounded to the penny; not negative.</param>
    /// <param name="Country">Empty where the earliest line names none.</param>
    internal sealed record Purchase(
        string OrderId, string Customer, DateTimeOffset OccurredAt, decimal Total, string Country, IReadOnlyList<Line> Lines);

    private sealed record Draft(DateTimeOffset At, int Rank, string Id, string Customer, Func<CustomerEvent> Event);

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var lines = Lines(text, report).ToLookup(line => line.IsReturn);
        var purchases = Purchases(lines[false], report);
        var drafts = Countries(purchases)
            .Concat(purchases.Select(purchase => new Draft(purchase.OccurredAt, 1, purchase.OrderId, purchase.Customer, () => Made(purchase))))
            .Concat(OnlineRetailReturns.Match(purchases, lines[true], report).Select(refund =>
                new Draft(refund.Line.At, 2, refund.EventId, refund.Line.Customer, refund.Made)))
            .ToList();
        report.Expect(drafts.Count);
        foreach (var draft in drafts.OrderBy(draft => draft.At).ThenBy(draft => draft.Rank).ThenBy(draft => draft.Id, StringComparer.Ordinal))
            yield return report.Make(Envelope.Of(Mapping.Name, draft.Id, draft.Customer, draft.At, draft.Event()));
    }

    private static IEnumerable<Line> Lines(TextReader text, ImportReport report)
    {
        var pool = new Dictionary<string, string>(StringComparer.Ordinal);
        var ordinals = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in CsvFile.Read(text, Columns, report))
        {
            var invoice = Pooled(row.RequiredText(InvoiceNo));
            var ordinal = ordinals[invoice] = ordinals.GetValueOrDefault(invoice) + 1;
            var customer = Pooled(row.Text(CustomerId));
            if (customer.Length == 0)
            {
                report.MissCustomer();
                continue;
            }
            var line = new Line(
                row.Line, invoice, ordinal, customer, Pooled(row.Text(StockCode)), row.Number(Quantity), row.Time(InvoiceDate),
                row.Number(UnitPrice), Pooled(row.Text(Country)));
            if (row.Fault is var (code, message)) report.Refuse(row.Line, code, message);
            else yield return line;
        }

        string Pooled(string value) => pool.TryGetValue(value, out var known) ? known : pool[value] = value;
    }

    /// <summary>The purchases that can be stored, by (occurredAt, orderId).</summary>
    private static List<Purchase> Purchases(IEnumerable<Line> lines, ImportReport report)
    {
        var purchases = new List<Purchase>();
        foreach (var invoice in lines.GroupBy(line => line.Invoice, StringComparer.Ordinal))
        {
            var earliest = invoice.MinBy(line => (line.Time, line.Number))!;
            var total = decimal.Round(invoice.Sum(line => line.Quantity * line.Price), 2, MidpointRounding.AwayFromZero);
            if (invoice.Any(line => line.Customer != earliest.Customer))
                Refuse(invoice, "two_customers", $"Invoice {invoice.Key} names several customers.");
            else if (total < 0)
                Refuse(invoice, "negative_total", $"Invoice {invoice.Key} totals {total} GBP; a purchase must not be negative.");
            else
                purchases.Add(new Purchase(invoice.Key, earliest.Customer, earliest.At, total, earliest.Country, [.. invoice]));
            if (invoice.FirstOrDefault(line => line.Country != earliest.Country) is { } other)
                report.Note(
                    other.Number, "two_countries", $"Invoice {invoice.Key} also names '{other.Country}'; '{earliest.Country}' is kept.");
        }
        return [.. purchases.OrderBy(purchase => purchase.OccurredAt).ThenBy(purchase => purchase.OrderId, StringComparer.Ordinal)];

        void Refuse(IEnumerable<Line> refused, string code, string message)
        {
            foreach (var line in refused) report.Refuse(line.Number, code, message);
        }
    }

    private static IEnumerable<Draft> Countries(IEnumerable<Purchase> purchases)
    {
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var purchase in purchases)
        {
            var country = purchase.Country;
            if (country.Length == 0 || current.GetValueOrDefault(purchase.Customer) == country) continue;
            current[purchase.Customer] = country;
            yield return new Draft(purchase.OccurredAt, 0, $"{purchase.OrderId}/country", purchase.Customer, () =>
                new CustomerChanged(new Dictionary<string, string?> { ["country"] = country }));
        }
    }

    private static PurchaseMade Made(Purchase purchase) =>
        new(purchase.OrderId, "GBP", purchase.Total, [.. purchase.Lines.Select(line => Item(line, line.Quantity))],
            null, null, null, null, null, null, null);

    /// <summary>The line as part of an event, for so many of its units; an empty StockCode is absent.</summary>
    internal static PurchaseLine Item(Line line, decimal units) =>
        new(line.Stock.Length == 0 ? null : line.Stock, null, units, line.Price, null);
}
