using System.Runtime.Intrinsics;

namespace Retention.Domain.Clv;

/// <summary>
/// The likelihood of a purchase model with four parameters at one point, in three factors of a customer's pattern:
/// <c>f(x) · (D(x, t_x) + K(x, T))</c>. Each is given as a logarithm with its gradient by the parameters.
/// </summary>
internal abstract class LikelihoodTerms
{
    /// <summary>ln f for x = 0, 1, 2, ….</summary>
    public abstract void OfFrequency(Span<double> logs, Span<Vector256<double>> gradients);

    /// <summary>ln D: the part of those who dropped out after the last purchase.</summary>
    /// <param name="days">t_x.</param>
    public abstract void Dropped(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients);

    /// <summary>ln K: the rest.</summary>
    /// <param name="days">T.</param>
    public abstract void Kept(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients);
}

/// <summary>The mean log-likelihood of all customers and its gradient, in buffers that serve every point of a search.</summary>
internal sealed class PurchaseLikelihood(PurchaseStatistics statistics, Func<double[], LikelihoodTerms> model)
{
    public const int Parameters = 4;

    private readonly TermBuffer frequencies = new(statistics.Frequencies[^1].Frequency + 1);
    private readonly TermBuffer dropped = new(statistics.Last.X.Length);
    private readonly TermBuffer kept = new(statistics.End.X.Length);

    /// <param name="parameters">In natural units.</param>
    /// <returns>The mean and its gradient by the logarithms of the parameters.</returns>
    public Evaluation At(double[] parameters)
    {
        var terms = model(parameters);
        terms.OfFrequency(frequencies.Logs, frequencies.Gradients);
        var (last, end) = (statistics.Last, statistics.End);
        FixedBlocks.ForEach(last.X.Length, pairs =>
            terms.Dropped(last.X.AsSpan(pairs), last.Days.AsSpan(pairs), dropped.Logs.AsSpan(pairs), dropped.Gradients.AsSpan(pairs)));
        FixedBlocks.ForEach(end.X.Length, pairs =>
            terms.Kept(end.X.AsSpan(pairs), end.Days.AsSpan(pairs), kept.Logs.AsSpan(pairs), kept.Gradients.AsSpan(pairs)));

        var sums = FixedBlocks.Sum(statistics.Rows, 1 + Parameters, AddRows);
        foreach (var (x, customers) in statistics.Frequencies)
        {
            sums[0] += customers * frequencies.Logs[x];
            for (var index = 0; index < Parameters; index++) sums[1 + index] += customers * frequencies.Gradients[x][index];
        }
        return new Evaluation(
            sums[0] / statistics.Customers,
            [.. parameters.Select((parameter, index) => parameter * sums[1 + index] / statistics.Customers)]);
    }

    // ln(D + K) of each row, by log-sum-exp; the gradient is that of the two, weighted by their shares.
    private void AddRows(Range rows, double[] sums)
    {
        var total = 0.0;
        var gradient = Vector256<double>.Zero;
        var counts = statistics.Counts.AsSpan(rows);
        var last = statistics.Last.OfRow.AsSpan(rows);
        var end = statistics.End.OfRow.AsSpan(rows);
        for (var row = 0; row < counts.Length; row++)
        {
            var (d, k) = (dropped.Logs[last[row]], kept.Logs[end[row]]);
            var odds = Math.Exp(-Math.Abs(d - k));
            var larger = 1 / (1 + odds);
            var ofDropped = d > k ? larger : 1 - larger;
            double count = counts[row];
            total += count * (Math.Max(d, k) + Math.Log(1 + odds));
            gradient += count * ofDropped * dropped.Gradients[last[row]] + count * (1 - ofDropped) * kept.Gradients[end[row]];
        }
        sums[0] = total;
        for (var index = 0; index < Parameters; index++) sums[1 + index] = gradient[index];
    }

    private sealed class TermBuffer(int length)
    {
        public double[] Logs { get; } = new double[length];

        public Vector256<double>[] Gradients { get; } = new Vector256<double>[length];
    }
}
