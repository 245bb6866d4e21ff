using System.Globalization;
using MathNet.Numerics.Distributions;
using Retention.Domain.Clv;
using Retention.Domain.Tests.Clv;

namespace Retention.Benchmarks.Clv;

/// <summary>The data sets of the benchmark, the same in every run; the simulated ones by the tests' simulation.</summary>
internal static class Samples
{
    private const int Cdnow = 2_357;

    private static readonly MbgNbd Shop = new(.6, 90, .8, 2.4);
    private static readonly MbgNbd BusyShop = new(1.2, 40, .4, 4);

    public static IEnumerable<(string Name, Func<CustomerPurchases[]> Customers)> All(FileInfo? sample)
    {
        yield return sample is null
            ? ("2 357 simulated", () => Valued(Simulated.Customers(new BgNbd(.243, 30.9, .793, 2.426), Cdnow, (182, 272), seed: 1)))
            : ("CDNOW", () => Read(sample));
        yield return ("100 000 simulated, 3 years", () => Valued(Simulated.Customers(Shop, 100_000, (1, 1_095), seed: 1)));
        yield return ("1 000 000 simulated, 3 years", () => Valued(Simulated.Customers(Shop, 1_000_000, (1, 1_095), seed: 1)));
        yield return ("1 000 000 distinct, 10 years", () => Valued(
            Simulated.Customers(BusyShop, int.MaxValue, (1, 3_650), seed: 1).Distinct().Take(1_000_000)));
    }

    private static CustomerPurchases[] Valued(IEnumerable<PurchasePattern> patterns)
    {
        var (random, value) = (new Random(2), new GammaGamma(6.25, 3.744, 15.44));
        return [.. patterns.Select(pattern => new CustomerPurchases(
            pattern.Frequency, pattern.AgeAtLastPurchase, pattern.Age,
            pattern.Frequency == 0 ? null : Value(value, pattern.Frequency, random)))];
    }

    private static double Value(GammaGamma value, int frequency, Random random) =>
        Gamma.Sample(random, value.P * frequency, Gamma.Sample(random, value.Q, value.Gamma) * frequency);

    // The calibration of 39 weeks.
    private static CustomerPurchases[] Read(FileInfo file)
    {
        var end = new DateOnly(1997, 9, 30);
        return
        [
            .. File.ReadLines(file.FullName).Skip(1).Select(line => line.Split(','))
                .GroupBy(row => row[0], row => (
                    Day: DateOnly.Parse(row[1], CultureInfo.InvariantCulture), Amount: double.Parse(row[3], CultureInfo.InvariantCulture)))
                .Select(rows =>
                {
                    var days = rows.Where(row => row.Day <= end).GroupBy(row => row.Day, row => row.Amount).OrderBy(day => day.Key).ToArray();
                    return new CustomerPurchases(
                        days.Length - 1, days[^1].Key.DayNumber - days[0].Key.DayNumber, end.DayNumber - days[0].Key.DayNumber,
                        days.Length == 1 ? null : days.Skip(1).Average(day => day.Sum()));
                }),
        ];
    }
}
