using NodaTime;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// The CDNOW music shop's purchases (Fader &amp; Hardie): columns <c>customer</c>, <c>date</c>, <c>units</c>, <c>amount</c>. One row, one
/// purchase; orderId = data line number, occurredAt = noon UTC of the date, total = amount, currency USD, zone UTC.
/// <para>
/// The data line number counts the rows below the header from 1, refused ones included, and is the event's id too. Customers are taken
/// literally (<c>00004</c>). <c>units</c> enters no event and is not checked. A row without a customer is counted as such; an amount of 0
/// is a free order; refused are a negative amount (<c>negative_total</c>), one with more than two decimals (<c>too_precise</c>), and what
/// is not a date or a number.
/// </para>
/// </summary>
public static class Cdnow
{
    private const int Customer = 0, Date = 1, Amount = 2;

    private static readonly string[] Columns = ["customer", "date", "amount"];

    public static Mapping Mapping { get; } = new("cdnow", "UTC", "USD", Read);

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var made = 0L;
        foreach (var row in CsvFile.Read(text, Columns, report))
        {
            if (Purchase(row, report) is not { } purchase) continue;
            made++;
            yield return report.Make(purchase);
        }
        report.Expect(made);
    }

    private static Envelope? Purchase(Row row, ImportReport report)
    {
        var customer = row.Text(Customer);
        if (customer.Length == 0)
        {
            report.MissCustomer();
            return null;
        }
        var date = row.Date(Date);
        var amount = row.Number(Amount);
        row.Require(amount >= 0, Amount, "negative_total", "must not be negative");
        row.Require(decimal.Round(amount, 2) == amount, Amount, "too_precise", "may have at most two decimals");
        if (row.Fault is var (code, message))
        {
            report.Refuse(row.Line, code, message);
            return null;
        }
        var orderId = $"{row.Ordinal}";
        var noon = (date + new LocalTime(12, 0)).InUtc().ToDateTimeOffset();
        var made = new CustomerEvent.PurchaseMade(orderId, "USD", amount, null, null, null, null, null, null, null, null);
        return Envelope.Of("cdnow", orderId, customer, noon, made);
    }
}
