using System.Globalization;
using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>
/// The CDNOW sample of Fader &amp; Hardie: 2 357 customers who first bought in the first quarter of 1997, with 39 weeks of calibration and 39
/// more. Where the file is absent the tests say so, and run on as many customers that are drawn from its published model.
/// </summary>
/// <param name="Published">Whether they are the customers that the published figures are of.</param>
internal sealed record Cdnow(bool Published, IReadOnlyList<CdnowCustomer> Customers)
{
    public const int HoldOutDays = 273;
    private static readonly DateOnly CalibrationEnd = new(1997, 9, 30);

    public PurchaseStatistics Statistics => PurchaseStatistics.Of(Customers.Select(customer => customer.Pattern));

    public IEnumerable<RepeatSpend> Spends =>
        Customers.Where(customer => customer.MeanRepeatValue is not null)
            .Select(customer => new RepeatSpend(customer.Pattern.Frequency, (double)customer.MeanRepeatValue!));

    public static Cdnow Read() => DataFile.Find("cdnow_sample.csv") is { } file ? new Cdnow(true, [.. OfFile(file)]) : new Cdnow(false, [.. OfModel()]);

    private static IEnumerable<CdnowCustomer> OfFile(string file) => File.ReadLines(file).Skip(1).Select(line => line.Split(','))
        .GroupBy(row => row[0], row => (
            Day: DateOnly.Parse(row[1], CultureInfo.InvariantCulture), Amount: decimal.Parse(row[3], CultureInfo.InvariantCulture)))
        .Select(purchases =>
        {
            var days = purchases.GroupBy(purchase => purchase.Day, purchase => purchase.Amount).OrderBy(day => day.Key).ToArray();
            var seen = days.Where(day => day.Key <= CalibrationEnd).ToArray();
            var first = seen[0].Key.DayNumber;
            return new CdnowCustomer(
                new PurchasePattern(seen.Length - 1, seen[^1].Key.DayNumber - first, CalibrationEnd.DayNumber - first),
                seen.Length > 1 ? seen.Skip(1).Average(day => day.Sum()) : null,
                days.Length - seen.Length);
        });

    private static IEnumerable<CdnowCustomer> OfModel()
    {
        var customers = Simulated.Calibrated(new MbgNbd(.5248, 6.1831, .8914, 1.6140, TimeUnit.Week), 2_357, (189, 272), HoldOutDays, seed: 1).ToArray();
        var values = Simulated.Spends(new GammaGamma(6.25, 3.744, 15.44), customers.Select(customer => Math.Max(1, customer.Pattern.Frequency)), seed: 1);
        return customers.Zip(values, (customer, value) => new CdnowCustomer(
            customer.Pattern, customer.Pattern.Frequency > 0 ? (decimal)value.MeanValue : null, customer.Later));
    }
}

/// <param name="Pattern">At the end of the calibration.</param>
/// <param name="MeanRepeatValue">Mean value of the repeat purchase days of the calibration; null without any.</param>
/// <param name="Later">Purchase days after the calibration.</param>
internal sealed record CdnowCustomer(PurchasePattern Pattern, decimal? MeanRepeatValue, int Later);
