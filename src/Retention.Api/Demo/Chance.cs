using MathNet.Numerics.Distributions;
using NodaTime;

namespace Retention.Api.Demo;

/// <summary>The draws that the demo makes, all from one seeded <see cref="Random"/>.</summary>
internal static class Chance
{
    public static bool Happens(this Random chance, double probability) => chance.NextDouble() < probability;

    public static T Pick<T>(this Random chance, IReadOnlyList<T> choices) => choices[chance.Next(choices.Count)];

    /// <summary>One of the choices, each in proportion to its weight.</summary>
    public static T Pick<T>(this Random chance, IReadOnlyList<(double Weight, T Choice)> choices)
    {
        var left = chance.NextDouble() * choices.Sum(choice => choice.Weight);
        foreach (var (weight, choice) in choices)
        {
            left -= weight;
            if (left < 0) return choice;
        }
        return choices[^1].Choice;
    }

    /// <summary>A log-normal delay, to the second and at least one minute.</summary>
    /// <param name="spread">Standard deviation of the logarithm: a sixth of the delays are longer than e^spread medians.</param>
    public static Duration Delay(this Random chance, Duration median, double spread) =>
        Duration.FromSeconds(Math.Max(60, (long)(median.TotalSeconds * Math.Exp(Normal.Sample(chance, 0, spread)))));

    /// <summary>A whole score from a normal opinion, cut to the scale.</summary>
    public static int Score(this Random chance, double opinion, double spread, int lowest, int highest) =>
        (int)Math.Clamp(Math.Round(Normal.Sample(chance, opinion, spread)), lowest, highest);
}
