using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Retention.Domain.Clv;

/// <summary>A mean log-likelihood and its gradient by the logarithms of the parameters.</summary>
internal sealed record Evaluation(double Value, double[] Gradient);

/// <summary>
/// Finds the maximum of a mean log-likelihood over the logarithms of its parameters by the quasi-Newton method of Broyden, Fletcher,
/// Goldfarb and Shanno (Nocedal &amp; Wright 2006, § 6.1) in Math.NET. The search begins on a sample; the Hessian there gives coordinates
/// in which the likelihood of all rows is nearly a unit bowl, so that a few steps over all rows are enough, on ridges too.
/// </summary>
internal static class LikelihoodSearch
{
    // A parameter that is e^±9 times its scale does not describe differences between customers any more.
    private const double FarOut = 9;
    private const double SmallSlope = 1e-8;
    private const int MostRounds = 6;

    /// <param name="scale">A plausible value of each parameter, where the search starts.</param>
    /// <param name="sample">Null where the whole is small.</param>
    public static Found Run(double[] scale, Func<double[], Evaluation>? sample, Func<double[], Evaluation> whole)
    {
        var search = new QuasiNewton(scale, whole);
        var first = sample is null ? search : new QuasiNewton(scale, sample);
        var point = first.Climb(new double[scale.Length], Matrix<double>.Build.DenseIdentity(scale.Length));
        var axes = first.Axes(point);
        var end = first.Polish(first.Climb(point, axes), axes);
        for (var round = 1; round < MostRounds && end.Slope > SmallSlope; round++)
        {
            axes = first.Axes(end.Point);
            end = first.Polish(first.Climb(end.Point, axes), axes);
        }
        if (sample is not null)
        {
            axes = first.Axes(end.Point);
            end = search.Polish(search.Climb(end.Point, axes), axes);
            if (!(end.Slope <= SmallSlope))
            {
                axes = search.Axes(end.Point);
                end = search.Polish(search.Climb(end.Point, axes), axes);
            }
        }
        return new Found(
            search.Natural(end.Point), end.Mean, search.Hessian(end.Point), [.. end.Point.Select(logarithm => Math.Abs(logarithm) > FarOut)],
            search.Evaluations);
    }
}

/// <summary>The steps of a search over one likelihood. A point is the logarithms of the parameters over their scales.</summary>
internal sealed class QuasiNewton(double[] scale, Func<double[], Evaluation> likelihood)
{
    // Beyond e^±14 the likelihood is as flat as numbers can tell.
    private const double Wall = 14;
    private const int MostIterations = 300;
    private const int MostPolishing = 8;

    // The square of a slope is what a step gains, and below this one rounding hides it in the sum of a million logarithms.
    private const double VisibleSlope = 3e-7;

    public int Evaluations { get; private set; }

    /// <param name="Slope">
    /// In the coordinates of the axes, where the curvature is about 1: the way to the maximum, in standard errors of one customer.
    /// </param>
    public sealed record End(double[] Point, Evaluation Mean, double Slope);

    /// <summary>Math.NET's minimiser from a point on, in coordinates with the given axes.</summary>
    public double[] Climb(double[] from, Matrix<double> axes)
    {
        var (best, bestValue) = (from, double.PositiveInfinity);
        (double Value, Vector<double> Slope) At(Vector<double> u)
        {
            var point = Moved(from, axes * u);
            var (value, gradient) = Walled(Evaluate(point), point);
            if (value < bestValue) (best, bestValue) = (point, value);
            return (value, axes.TransposeThisAndMultiply(gradient));
        }
        var origin = Vector<double>.Build.Dense(scale.Length);
        var (start, slope) = At(origin);
        var (tolerance, factor) = FirstStep(slope.L2Norm(), Math.Max(1, Math.Abs(start)));
        try
        {
            var found = new BfgsMinimizer(tolerance, 1e-10, 0, MostIterations).FindMinimum(
                ObjectiveFunction.Gradient(u =>
                {
                    var (value, gradient) = At(u);
                    return (factor * value, factor * gradient);
                }),
                origin);
            return Moved(from, axes * found.MinimizingPoint);
        }
        catch (OptimizationException)
        {
            // The line search gives up where rounding hides the slope or the likelihood is flat, and that is the end of the search too:
            // whether it is a good one is told by the gradient at the best point.
            return best;
        }
    }

    /// <summary>Newton's steps by the gradient alone, which is exact where the likelihood itself does not tell two points apart any more.</summary>
    public End Polish(double[] from, Matrix<double> axes)
    {
        var end = Ended(from, axes);
        for (var step = 0; step < MostPolishing && end.Slope > 1e-12; step++)
        {
            var next = Ended(Moved(end.Point, -axes * axes.TransposeThisAndMultiply(Walled(end.Mean, end.Point).Item2)), axes);
            if (!(next.Slope < end.Slope / 2)) break;
            end = next;
        }
        return end;
    }

    /// <summary>Minus the Hessian of the likelihood: central differences of the analytic gradient, made symmetric.</summary>
    public Matrix<double> Hessian(double[] point)
    {
        const double step = 1e-4;
        var columns = Enumerable.Range(0, point.Length).Select(moved =>
        {
            var by = Vector<double>.Build.Dense(point.Length, index => index == moved ? step : 0);
            return Evaluate(Moved(point, -by)).Gradient.Zip(Evaluate(Moved(point, by)).Gradient, (before, after) => (before - after) / (2 * step));
        });
        var hessian = Matrix<double>.Build.DenseOfColumns(columns);
        return (hessian + hessian.Transpose()) / 2;
    }

    /// <summary>V·Λ^(−½) of the Hessian VΛVᵀ: coordinates in which it is the identity. Directions without curvature keep a finite length.</summary>
    public Matrix<double> Axes(double[] point)
    {
        var hessian = Hessian(point);
        if (!hessian.Enumerate().All(double.IsFinite)) return Matrix<double>.Build.DenseIdentity(point.Length);
        var parts = hessian.Evd(Symmetricity.Symmetric);
        return parts.EigenVectors * Matrix<double>.Build.DenseOfDiagonalArray(
            [.. parts.EigenValues.Select(value => 1 / Math.Sqrt(Math.Max(Math.Abs(value.Real), 1e-6)))]);
    }

    public double[] Natural(double[] point) => [.. point.Select((logarithm, index) => scale[index] * Math.Exp(logarithm))];

    // Math.NET's first step is 100 times the tolerance over the squared slope, and its tolerance is relative to the value. These two make
    // the first step 1, Newton's in the right coordinates, and the end a visible slope.
    private static (double Tolerance, double Factor) FirstStep(double slope, double value)
    {
        var reached = slope * slope / 100;
        if (reached > VisibleSlope) return (Math.Min(reached, 1e-4), 1);
        var tolerance = VisibleSlope / value;
        return (tolerance, reached == 0 ? 1 : tolerance / reached);
    }

    // Minus the likelihood, rising beyond the wall. Where it cannot be computed it is so high that the line search turns back.
    private static (double, Vector<double>) Walled(Evaluation mean, double[] point)
    {
        if (!double.IsFinite(mean.Value) || !mean.Gradient.All(double.IsFinite)) return (1e10, Vector<double>.Build.Dense(point.Length));
        var beyond = point.Select(logarithm => Math.Sign(logarithm) * Math.Max(0, Math.Abs(logarithm) - Wall)).ToArray();
        return (beyond.Sum(distance => distance * distance) / 2 - mean.Value,
            Vector<double>.Build.Dense(point.Length, index => beyond[index] - mean.Gradient[index]));
    }

    private static double[] Moved(double[] point, Vector<double> by) => [.. point.Select((logarithm, index) => logarithm + by[index])];

    private Evaluation Evaluate(double[] point)
    {
        Evaluations++;
        return likelihood(Natural(point));
    }

    private End Ended(double[] point, Matrix<double> axes)
    {
        var mean = Evaluate(point);
        var finite = double.IsFinite(mean.Value) && mean.Gradient.All(double.IsFinite);
        return new End(point, mean, finite ? axes.TransposeThisAndMultiply(Walled(mean, point).Item2).L2Norm() : double.NaN);
    }
}
