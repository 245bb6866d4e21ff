using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Retention.Domain.Clv;

/// <summary>A mean log-likelihood and its gradient by the logarithms of the parameters.</summary>
internal sealed record Evaluation(double Value, double[] Gradient);

/// <param name="Parameters">In natural units.</param>
/// <param name="Hessian">Of minus the mean log-likelihood by the logarithms of the parameters.</param>
internal sealed record Found(double[] Parameters, Evaluation Mean, Matrix<double> Hessian, bool[] AtWall, int Evaluations)
{
    // At a million customers this is a thousandth of a standard error.
    private const double LargestSlope = 1e-6;
    private const double LeastCurvature = 1e-9;

    private double GradientNorm => Mean.Gradient.Max(Math.Abs);

    private double SmallestCurvature =>
        Hessian.Enumerate().All(double.IsFinite) ? Hessian.Evd(Symmetricity.Symmetric).EigenValues.Min(value => value.Real) : double.NaN;

    /// <summary>What the end of a search means for the fit.</summary>
    /// <param name="identified">So many parameters from the first on must lie inside of the wall; where that is not all of them, the Hessian has no inverse.</param>
    public Fit<TModel> Judge<TModel>(long customers, Boundary boundary, int identified, Func<double[], TModel> model)
    {
        var (slope, curvature) = (GradientNorm, SmallestCurvature);
        var isMaximum = curvature > LeastCurvature;
        var diagnostics = new FitDiagnostics(
            customers, Mean.Value * customers, slope, curvature, isMaximum && identified == Parameters.Length ? StandardErrors(customers) : null,
            boundary, Evaluations);
        Fit<TModel> Refused(FitRefusal reason, string explanation) => new Fit<TModel>.Refused(reason, explanation, diagnostics);

        // Not "greater": NaN is refused too.
        if (!(slope < LargestSlope)) return Refused(FitRefusal.NotConverged, $"The slope of the mean log-likelihood is {slope:g3} where the search ended.");
        if (AtWall.Take(identified).Contains(true))
            return Refused(FitRefusal.RunsAway, "The likelihood rises without end in a parameter: the customers do not differ, or are too few to tell how.");
        if (identified == Parameters.Length && !isMaximum)
            return Refused(FitRefusal.NotAMaximum, $"The log-likelihood does not fall off in every direction: its smallest curvature is {curvature:g3}.");
        return new Fit<TModel>.Accepted(model(Parameters), diagnostics);
    }

    private double[] StandardErrors(long customers)
    {
        var covariance = Hessian.Inverse();
        return [.. Parameters.Select((parameter, index) => parameter * Math.Sqrt(covariance[index, index] / customers))];
    }
}

/// <summary>
/// Finds the maximum of a mean log-likelihood over the logarithms of its parameters by the quasi-Newton method of Broyden, Fletcher,
/// Goldfarb and Shanno (Nocedal &amp; Wright 2006, § 6.1) in Math.NET. The search begins on a sample; its Hessian there gives coordinates
/// in which the likelihood of all rows is nearly a unit bowl, so that a few steps over all rows are enough, on ridges too.
/// </summary>
internal static class LikelihoodSearch
{
    // e^±14 around the scale of each parameter: beyond, the likelihood is as flat as numbers can tell.
    private const double Wall = 14;
    private const int MostIterations = 300;

    /// <param name="scale">A plausible value of each parameter, where the search starts.</param>
    /// <param name="sample">Null where the whole is small.</param>
    public static Found Run(double[] scale, Func<double[], Evaluation>? sample, Func<double[], Evaluation> whole)
    {
        var evaluations = 0;
        Evaluation Counted(double[] parameters)
        {
            evaluations++;
            return whole(parameters);
        }
        var first = sample ?? Counted;
        var point = Climb(scale, first, new double[scale.Length], Matrix<double>.Build.DenseIdentity(scale.Length));
        point = Climb(scale, first, point, Axes(Hessian(scale, first, point)));
        if (sample is not null) point = Climb(scale, Counted, point, Axes(Hessian(scale, first, point)));

        var parameters = Natural(scale, point);
        var mean = Counted(parameters);
        var hessian = Hessian(scale, Counted, point);
        return new Found(parameters, mean, hessian, [.. point.Select(logarithm => Math.Abs(logarithm) >= Wall)], evaluations);
    }

    // One run of the minimiser from a point, in coordinates with the given axes; the best point that it has seen.
    private static double[] Climb(double[] scale, Func<double[], Evaluation> likelihood, double[] from, Matrix<double> axes)
    {
        var (best, bestValue) = (from, double.PositiveInfinity);
        (double, Vector<double>) Objective(Vector<double> u)
        {
            var point = (Vector<double>.Build.Dense(from) + axes * u).ToArray();
            var (value, gradient) = Walled(likelihood(Natural(scale, point)), point);
            if (value < bestValue) (best, bestValue) = (point, value);
            return (value, axes.TransposeThisAndMultiply(gradient));
        }
        var origin = Vector<double>.Build.Dense(scale.Length);
        var slope = Objective(origin).Item2.L2Norm();
        // Math.NET's first step is 100 times the tolerance over the squared slope: in coordinates of the Hessian it should be 1.
        var tolerance = Math.Clamp(slope * slope / 100, 1e-9, 1e-7);
        try
        {
            new BfgsMinimizer(tolerance, 1e-10, 0, MostIterations).FindMinimum(ObjectiveFunction.Gradient(Objective), origin);
        }
        catch (OptimizationException)
        {
            // The line search gives up where rounding hides the slope, and that is the end of the search too: whether it is a good one
            // is told by the gradient at the best point.
        }
        return best;
    }

    // Minus the likelihood, rising beyond the wall. Where it cannot be computed it is so high that the line search turns back.
    private static (double, Vector<double>) Walled(Evaluation mean, double[] point)
    {
        if (!double.IsFinite(mean.Value) || !mean.Gradient.All(double.IsFinite)) return (1e10, Vector<double>.Build.Dense(point.Length));
        var beyond = point.Select(logarithm => Math.Sign(logarithm) * Math.Max(0, Math.Abs(logarithm) - Wall)).ToArray();
        return (beyond.Sum(distance => distance * distance) / 2 - mean.Value,
            Vector<double>.Build.Dense(point.Length, index => beyond[index] - mean.Gradient[index]));
    }

    // Central differences of the analytic gradient, made symmetric.
    private static Matrix<double> Hessian(double[] scale, Func<double[], Evaluation> likelihood, double[] point)
    {
        const double step = 1e-4;
        double[] Gradient(int moved, double by)
        {
            var other = (double[])point.Clone();
            other[moved] += by;
            return likelihood(Natural(scale, other)).Gradient;
        }
        var columns = Enumerable.Range(0, point.Length).Select(moved => Gradient(moved, -step)
            .Zip(Gradient(moved, step), (before, after) => (before - after) / (2 * step)));
        var hessian = Matrix<double>.Build.DenseOfColumns(columns);
        return (hessian + hessian.Transpose()) / 2;
    }

    // V·Λ^(−½) of the Hessian VΛVᵀ. Directions without curvature keep a finite length.
    private static Matrix<double> Axes(Matrix<double> hessian)
    {
        if (!hessian.Enumerate().All(double.IsFinite)) return Matrix<double>.Build.DenseIdentity(hessian.RowCount);
        var parts = hessian.Evd(Symmetricity.Symmetric);
        return parts.EigenVectors * Matrix<double>.Build.DenseOfDiagonalVector(
            Vector<double>.Build.DenseOfEnumerable(parts.EigenValues.Select(value => 1 / Math.Sqrt(Math.Max(Math.Abs(value.Real), 1e-6)))));
    }

    private static double[] Natural(double[] scale, double[] point) =>
        [.. point.Select((logarithm, index) => scale[index] * Math.Exp(logarithm))];
}
