using System.Globalization;
using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>
/// The CDNOW sample of Fader &amp; Hardie beside the project: 2 357 customers who first bought in the first quarter of 1997. Where the file
/// is absent the tests of the published figures say so, and customers of the same kind are simulated for the others.
/// </summary>
internal sealed record Cdnow(IReadOnlyList<CdnowCustomer> Customers)
{
    /// <summary>The last day of the calibration of 39 weeks; as many follow.</summary>
    public static DateOnly CalibrationEnd { get; } = new(1997, 9, 30);

    public static DateOnly End { get; } = new(1998, 6, 30);

    public PurchaseStatistics Statistics => PurchaseStatistics.Of(Customers.Select(customer => customer.Pattern));

    /// <summary>Null where the file is absent.</summary>
    public static Cdnow? Read()
    {
        if (Find() is not { } path)
        {
            TestContext.Current.TestOutputHelper?.WriteLine("../shared/data/cdnow_sample.csv is absent: nothing is compared with the published figures.");
            return null;
        }
        var customers = File.ReadLines(path).Skip(1).Select(line => line.Split(','))
            .GroupBy(row => row[0], row => (
                Day: DateOnly.Parse(row[1], CultureInfo.InvariantCulture), Amount: decimal.Parse(row[3], CultureInfo.InvariantCulture)))
            .Select(rows => CdnowCustomer.Of([.. rows]));
        return new Cdnow([.. customers]);
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Retention.sln"))) continue;
            var path = Path.Combine(folder.FullName, "..", "shared", "data", "cdnow_sample.csv");
            return File.Exists(path) ? path : null;
        }
        return null;
    }
}

/// <param name="Pattern">At the end of the calibration.</param>
/// <param name="MeanRepeatValue">Mean value of the repeat purchase days of the calibration; null without any.</param>
/// <param name="Later">Purchase days after the calibration.</param>
internal sealed record CdnowCustomer(PurchasePattern Pattern, decimal? MeanRepeatValue, int Later)
{
    public RepeatSpend? Spend => MeanRepeatValue is { } mean ? new RepeatSpend(Pattern.Frequency, (double)mean) : null;

    public static CdnowCustomer Of(IReadOnlyCollection<(DateOnly Day, decimal Amount)> purchases)
    {
        var days = purchases.GroupBy(purchase => purchase.Day, purchase => purchase.Amount)
            .Select(day => (Day: day.Key, Amount: day.Sum())).OrderBy(day => day.Day).ToArray();
        var seen = days.Where(day => day.Day <= Cdnow.CalibrationEnd).ToArray();
        var first = seen[0].Day.DayNumber;
        return new CdnowCustomer(
            new PurchasePattern(seen.Length - 1, seen[^1].Day.DayNumber - first, Cdnow.CalibrationEnd.DayNumber - first),
            seen.Length > 1 ? seen.Skip(1).Average(day => day.Amount) : null,
            days.Length - seen.Length);
    }
}
