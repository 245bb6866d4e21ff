using MathNet.Numerics.Distributions;
using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>Customers drawn from a model, in whole days, the same for the same seed.</summary>
internal static class Simulated
{
    /// <param name="ages">T of the customers is uniform between these, in days.</param>
    public static IEnumerable<PurchasePattern> Customers(PurchaseModel model, int count, (int Least, int Most) ages, int seed) =>
        Calibrated(model, count, ages, holdOut: 0, seed).Select(customer => customer.Pattern);

    /// <summary>Customers with what they bought in the days after the end of observation.</summary>
    public static IEnumerable<(PurchasePattern Pattern, int Later)> Calibrated(
        PurchaseModel model, int count, (int Least, int Most) ages, int holdOut, int seed)
    {
        var random = new Random(seed);
        for (var customer = 0; customer < count; customer++)
        {
            var age = random.Next(ages.Least, ages.Most + 1);
            var (x, last, later) = (0, 0, 0);
            foreach (var day in RepeatDays(model, age + holdOut, random))
            {
                if (day <= age) (x, last) = (x + 1, day);
                else later++;
            }
            yield return (new PurchasePattern(x, last, age), later);
        }
    }

    /// <summary>The mean values of the repeats of customers, by their x.</summary>
    public static IEnumerable<RepeatSpend> Spends(GammaGamma model, IEnumerable<int> frequencies, int seed)
    {
        var random = new Random(seed);
        foreach (var x in frequencies)
            yield return new RepeatSpend(x, Gamma.Sample(random, model.P * x, Gamma.Sample(random, model.Q, model.Gamma) * x));
    }

    // Days are rounded up. The models' time is not so coarse: with weeks between purchases the difference is far below the standard errors.
    private static IEnumerable<int> RepeatDays(PurchaseModel model, int days, Random random)
    {
        var values = model.Parameters;
        var rate = Gamma.Sample(random, values[0], values[1] * (int)model.Unit);
        var end = model is ParetoNbd ? Exponential(random, Gamma.Sample(random, values[2], values[3] * (int)model.Unit)) : double.PositiveInfinity;
        var dropout = model is ParetoNbd ? 0 : Beta.Sample(random, values[2], values[3]);
        var (time, last) = (0.0, 0);
        for (var active = model is not MbgNbd || random.NextDouble() >= dropout; active; active = random.NextDouble() >= dropout)
        {
            time += Exponential(random, rate);
            if (!(time <= days && time <= end)) break;
            var day = (int)Math.Ceiling(time);
            if (day > last) yield return day;
            last = day;
        }
    }

    private static double Exponential(Random random, double rate) => -Math.Log(1 - random.NextDouble()) / rate;
}
