using MathNet.Numerics.LinearAlgebra;

namespace Retention.Domain.Clv;

/// <summary>Where a search ended.</summary>
/// <param name="Parameters">In natural units.</param>
/// <param name="Hessian">Of minus the mean log-likelihood by the logarithms of the parameters.</param>
internal sealed record Found(double[] Parameters, Evaluation Mean, Matrix<double> Hessian, bool[] FarOut, int Evaluations)
{
    // A few hundredths of a standard error at a million customers, on the flattest ridge.
    private const double LargestSlope = 1e-6;
    private const double LeastCurvature = 1e-9;

    private double GradientNorm => Mean.Gradient.Max(Math.Abs);

    private double SmallestCurvature =>
        Hessian.Enumerate().All(double.IsFinite) ? Hessian.Evd(Symmetricity.Symmetric).EigenValues.Min(value => value.Real) : double.NaN;

    /// <summary>What the end of a search means for the fit.</summary>
    /// <param name="identified">
    /// So many parameters, from the first on, must not have run away; where that is not all of them, the Hessian has no inverse.
    /// </param>
    public Fit<TModel> Judge<TModel>(long customers, Boundary boundary, int identified, Func<double[], TModel> model)
    {
        var (slope, curvature) = (GradientNorm, SmallestCurvature);
        var isMaximum = curvature > LeastCurvature;
        var diagnostics = new FitDiagnostics(
            customers, Mean.Value * customers, slope, curvature, isMaximum && identified == Parameters.Length ? StandardErrors(customers) : null,
            boundary, Evaluations);
        Fit<TModel> Refused(FitRefusal reason, string explanation) => new Fit<TModel>.Refused(reason, explanation, diagnostics);

        if (FarOut.Take(identified).Contains(true))
            return Refused(
                FitRefusal.RunsAway, "The likelihood rises without end in a parameter: the customers do not differ, or are too few to tell how.");
        // Not "greater": NaN is refused too.
        if (!(slope < LargestSlope))
            return Refused(FitRefusal.NotConverged, $"The slope of the mean log-likelihood is {slope:g3} where the search ended.");
        if (identified == Parameters.Length && !isMaximum)
            return Refused(
                FitRefusal.NotAMaximum, $"The log-likelihood does not fall off in every direction: its smallest curvature is {curvature:g3}.");
        return new Fit<TModel>.Accepted(model(Parameters), diagnostics);
    }

    private double[] StandardErrors(long customers)
    {
        var covariance = Hessian.Inverse();
        return [.. Parameters.Select((parameter, index) => parameter * Math.Sqrt(covariance[index, index] / customers))];
    }
}
