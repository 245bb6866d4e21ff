using System.Globalization;
using System.Text;
using MathNet.Numerics.Distributions;

namespace Retention.Api.Tests.Clv;

/// <summary>
/// As many customers as the CDNOW sample has, drawn from the models that are published of it (Pareto/NBD and Gamma-Gamma, by weeks): who
/// first bought in the first quarter of 1997, and what they bought up to the middle of 1998.
/// </summary>
internal static class SimulatedCdnow
{
    private const int Customers = 2_357;
    private const int DaysOfFirst = 84;
    private const double DaysOfWeek = 7;

    private static readonly DateOnly First = new(1997, 1, 1);
    private static readonly DateOnly Last = new(1998, 6, 30);

    /// <returns>The rows in the form of the sample's file.</returns>
    public static string Rows(int seed)
    {
        var random = new Random(seed);
        var rows = new StringBuilder("customer,date,units,amount\r\n");
        for (var customer = 1; customer <= Customers; customer++)
        {
            var begun = random.Next(DaysOfFirst);
            var (rate, dropout) = (Gamma.Sample(random, .5533, 10.578), Gamma.Sample(random, .6062, 11.669));
            var scale = Gamma.Sample(random, 3.744, 15.44);
            var lost = begun + Exponential.Sample(random, dropout) * DaysOfWeek;
            for (double day = begun; day <= Math.Min(lost, Last.DayNumber - First.DayNumber); day += Exponential.Sample(random, rate) * DaysOfWeek)
                rows.Append(CultureInfo.InvariantCulture, $"{customer:00000},{First.AddDays((int)day):yyyy-MM-dd},1,{Gamma.Sample(random, 6.25, scale):0.00}\r\n");
        }
        return rows.ToString();
    }
}
