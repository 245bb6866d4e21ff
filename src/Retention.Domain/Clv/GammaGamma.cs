namespace Retention.Domain.Clv;

/// <summary>What some customers have spent on their repeat purchase days.</summary>
/// <param name="Frequency">x ≥ 1: repeat purchase days.</param>
/// <param name="MeanValue">Mean net value of these days, in major units of the currency, &gt; 0.</param>
public readonly record struct RepeatSpend(int Frequency, double MeanValue, long Customers = 1);

/// <summary>
/// Gamma-Gamma: the value of a purchase day is gamma distributed around a customer's own mean, with shape p and a rate that is gamma
/// distributed over customers with shape q and rate γ; values are independent of how often a customer buys. Fader &amp; Hardie (2005/2013),
/// "The Gamma-Gamma model of monetary value". Of a customer with x repeats of the mean value m:
/// <code>ln L = −ln B(px, q) − ln m + px · ln(mx / (γ + mx)) + q · ln(γ / (γ + mx))</code>
/// </summary>
/// <param name="Gamma">In major units of the currency.</param>
public sealed record GammaGamma(double P, double Q, double Gamma)
{
    private const int SampleRows = 16_384;

    /// <summary>The mean value of a purchase day over all customers, pγ / (q − 1); null where q ≤ 1, as it is infinite then.</summary>
    public double? PopulationMean => Q > 1 ? P * Gamma / (Q - 1) : null;

    /// <summary>The maximum of the likelihood, over the customers with repeats and a positive mean value; the others are left out.</summary>
    public static Fit<GammaGamma> Fit(IEnumerable<RepeatSpend> spends)
    {
        var rows = Merged(spends);
        if (rows.Length == 0)
            return new Fit<GammaGamma>.Refused(FitRefusal.NoRepeatPurchases, "Nobody has a repeat purchase of positive value.", null);

        var customers = rows.Sum(row => row.Customers);
        var mean = rows.Sum(row => row.Customers * row.MeanValue) / customers;
        var stride = (rows.Length + SampleRows - 1) / SampleRows;
        var sample = stride == 1 ? null : rows.Where((_, index) => index % stride == stride / 2).ToArray();
        var found = LikelihoodSearch.Run([4, 3, mean], sample is null ? null : Mean(sample), Mean(rows));
        var boundary = found.Parameters[1] <= 1 ? Boundary.NoMeanValue : Boundary.None;
        return found.Judge(customers, boundary, found.Parameters.Length, values => new GammaGamma(values[0], values[1], values[2]));
    }

    /// <summary>
    /// The expected value of a customer's further purchase days, (γ + mx)p / (px + q − 1): between the own mean and that of the
    /// population, the nearer to the own the more repeats there are. Without repeats it is the population's.
    /// </summary>
    /// <param name="frequency">x.</param>
    /// <param name="meanValue">m; null or without meaning where x = 0.</param>
    /// <returns>Major units; null where the expectation is infinite.</returns>
    public double? ExpectedAverageValue(int frequency, double? meanValue)
    {
        if (frequency == 0 || meanValue is not { } own) return PopulationMean;
        var denominator = P * frequency + Q - 1;
        return denominator > 0 ? P * (Gamma + own * frequency) / denominator : null;
    }

    /// <summary>The log-likelihood of the customers that <see cref="Fit"/> would count.</summary>
    public double LogLikelihood(IEnumerable<RepeatSpend> spends)
    {
        var rows = Merged(spends);
        return rows.Length == 0 ? 0 : Mean(rows)([P, Q, Gamma]).Value * rows.Sum(row => row.Customers);
    }

    private static RepeatSpend[] Merged(IEnumerable<RepeatSpend> spends)
    {
        var rows = spends.Where(spend => spend is { Frequency: > 0, MeanValue: > 0, Customers: > 0 } && double.IsFinite(spend.MeanValue)).ToArray();
        Array.Sort(rows, (one, other) => (one.Frequency, one.MeanValue).CompareTo((other.Frequency, other.MeanValue)));
        var merged = 0;
        for (var index = 0; index < rows.Length; index++)
        {
            var same = merged > 0 && rows[merged - 1] with { Customers = 0 } == rows[index] with { Customers = 0 };
            if (same) rows[merged - 1] = rows[index] with { Customers = rows[merged - 1].Customers + rows[index].Customers };
            else rows[merged++] = rows[index];
        }
        return rows[..merged];
    }

    // Rows are in the order of x, so that the gamma functions are computed once for each x of a block.
    internal static Func<double[], Evaluation> Mean(RepeatSpend[] rows)
    {
        double customers = rows.Sum(row => row.Customers);
        return parameters =>
        {
            var sums = FixedBlocks.Sum(rows.Length, 4, (range, into) => Add(rows.AsSpan(range), parameters, into));
            return new Evaluation(sums[0] / customers, [.. parameters.Select((parameter, index) => parameter * sums[1 + index] / customers)]);
        };
    }

    private static void Add(ReadOnlySpan<RepeatSpend> rows, double[] parameters, double[] sums)
    {
        var (p, q, gamma) = (parameters[0], parameters[1], parameters[2]);
        var (logGamma, digammaQ) = (Math.Log(gamma), Special.Digamma(q));
        var (frequency, logBeta, byShape, byQ) = (0, 0.0, 0.0, 0.0);
        foreach (var (x, mean, customers) in rows)
        {
            if (x != frequency)
            {
                var digamma = Special.Digamma(p * x + q);
                (frequency, logBeta) = (x, Special.LogBeta(p * x, q));
                (byShape, byQ) = (x * (digamma - Special.Digamma(p * x)), digamma - digammaQ);
            }
            var spent = mean * x;
            var logTotal = Math.Log(gamma + spent);
            var logSpent = Math.Log(spent);
            sums[0] += customers * (p * x * (logSpent - logTotal) + q * (logGamma - logTotal) - logBeta - (logSpent - Math.Log(x)));
            sums[1] += customers * (byShape + x * (logSpent - logTotal));
            sums[2] += customers * (byQ + logGamma - logTotal);
            sums[3] += customers * (q / gamma - (p * x + q) / (gamma + spent));
        }
    }
}
