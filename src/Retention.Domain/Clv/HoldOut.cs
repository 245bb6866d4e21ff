namespace Retention.Domain.Clv;

/// <summary>What was expected of a customer at the end of the calibration, beside what came in the hold-out.</summary>
/// <param name="Expected">Purchase days that the model expects in the hold-out.</param>
/// <param name="BuysAgain">The probability of at least one, by the model.</param>
/// <param name="Naive">Purchase days by <see cref="HoldOut.LastYearsRate"/>.</param>
/// <param name="Actual">Purchase days in the hold-out.</param>
public readonly record struct Forecast(double Expected, double BuysAgain, double Naive, int Actual);

/// <summary>Errors in purchase days for a customer.</summary>
/// <param name="MeanAbsoluteError">Mean |expected − actual|.</param>
/// <param name="Bias">Mean expected − actual: positive where too much was expected.</param>
public readonly record struct Accuracy(double MeanAbsoluteError, double Bias);

/// <summary>A tenth of the customers, by what was expected of them.</summary>
/// <param name="Number">1, of whom the least was expected, to 10.</param>
/// <param name="Customers">A tenth of all, which need not be whole.</param>
/// <param name="Expected">Mean purchase days expected.</param>
/// <param name="Actual">Mean purchase days that came.</param>
public readonly record struct Decile(int Number, double Customers, double Expected, double Actual);

/// <summary>How good a forecast was.</summary>
/// <param name="Expected">Purchase days of all customers.</param>
/// <param name="Actual">Purchase days of all customers.</param>
/// <param name="Brier">
/// The mean of (risk − outcome)², risk = 1 − <see cref="Forecast.BuysAgain"/> and outcome 1 for those who did not buy: 0 is perfect. Brier
/// (1950), Monthly Weather Review 78(1).
/// </param>
/// <param name="BrierOfBaseRate">The score of giving everybody the share p who did not buy, p(1 − p): a model must be below it.</param>
public sealed record HoldOutResult(
    long Customers, double Expected, long Actual, Accuracy Model, Accuracy Naive, double Brier, double BrierOfBaseRate,
    IReadOnlyList<Decile> Deciles);

/// <summary>The evaluation of a model on the time after the data that it was fitted to.</summary>
public static class HoldOut
{
    /// <summary>The days that last year's rate is taken from.</summary>
    internal const int Year = 365;

    /// <summary>
    /// The naive forecast that a model has to beat: everybody goes on as in the last year, <c>repeats / min(365, T) · days</c>, and nobody
    /// drops out.
    /// </summary>
    /// <param name="repeats">Purchase days after the customer's first, in the last 365 days up to the end of the calibration.</param>
    /// <param name="age">T in days; a customer of the last day has no rate, and 0 is expected.</param>
    /// <param name="days">Length of the hold-out.</param>
    public static double LastYearsRate(int repeats, int age, int days) => age == 0 ? 0 : (double)repeats / Math.Min(Year, age) * days;

    /// <returns>Null without customers. The order of the forecasts does not matter.</returns>
    public static HoldOutResult? Evaluate(IEnumerable<Forecast> forecasts)
    {
        var all = forecasts.OrderBy(forecast => forecast.Expected).ThenBy(forecast => forecast.Actual)
            .ThenBy(forecast => forecast.BuysAgain).ThenBy(forecast => forecast.Naive).ToArray();
        if (all.Length == 0) return null;

        var lost = (double)all.Count(forecast => forecast.Actual == 0) / all.Length;
        return new HoldOutResult(
            all.Length, all.Sum(forecast => forecast.Expected), all.Sum(forecast => (long)forecast.Actual),
            Errors(all, forecast => forecast.Expected), Errors(all, forecast => forecast.Naive),
            all.Average(forecast => Square(1 - forecast.BuysAgain - (forecast.Actual == 0 ? 1 : 0))), lost * (1 - lost), Deciles(all));
    }

    private static Accuracy Errors(Forecast[] all, Func<Forecast, double> expected) => new(
        all.Average(forecast => Math.Abs(expected(forecast) - forecast.Actual)), all.Average(forecast => expected(forecast) - forecast.Actual));

    // Customers of whom the same is expected are divided between two deciles with the mean of what they did: their order is arbitrary.
    private static Decile[] Deciles(Forecast[] ascending)
    {
        var size = ascending.Length / 10.0;
        var sums = new (double Expected, double Actual)[10];
        for (var start = 0; start < ascending.Length;)
        {
            var (stop, actual) = (start, 0.0);
            while (stop < ascending.Length && ascending[stop].Expected == ascending[start].Expected) actual += ascending[stop++].Actual;
            for (var decile = 0; decile < 10; decile++)
            {
                var shared = Math.Min(stop, (decile + 1) * size) - Math.Max(start, decile * size);
                if (shared <= 0) continue;
                sums[decile].Expected += shared * ascending[start].Expected;
                sums[decile].Actual += shared * actual / (stop - start);
            }
            start = stop;
        }
        return [.. sums.Select((sum, index) => new Decile(index + 1, size, sum.Expected / size, sum.Actual / size))];
    }

    private static double Square(double error) => error * error;
}
