namespace Retention.Domain.Clv;

/// <summary>What came of a fit: a model with its diagnostics, or the reason why there is none.</summary>
public abstract record Fit<TModel>
{
    private Fit()
    {
    }

    /// <summary>The same with another view of the model.</summary>
    public Fit<TOther> Select<TOther>(Func<TModel, TOther> other) => this switch
    {
        Accepted accepted => new Fit<TOther>.Accepted(other(accepted.Model), accepted.Diagnostics),
        Refused refused => new Fit<TOther>.Refused(refused.Reason, refused.Explanation, refused.Diagnostics),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public sealed record Accepted(TModel Model, FitDiagnostics Diagnostics) : Fit<TModel>;

    /// <param name="Explanation">The reason in a sentence.</param>
    /// <param name="Diagnostics">Of the best point that was found; null where none was looked for.</param>
    public sealed record Refused(FitRefusal Reason, string Explanation, FitDiagnostics? Diagnostics) : Fit<TModel>;
}

public enum FitRefusal
{
    NoCustomers,

    /// <summary>Nobody has bought a second time: nothing tells a slow customer from a lost one.</summary>
    NoRepeatPurchases,

    /// <summary>The likelihood rises without end: the customers do not differ, or are too few to tell how.</summary>
    RunsAway,

    /// <summary>The gradient is not zero where the search ended.</summary>
    NotConverged,

    /// <summary>The gradient is zero, but the likelihood does not fall off in every direction.</summary>
    NotAMaximum,
}

/// <summary>What the model cannot be relied on for, though it was fitted.</summary>
public enum Boundary
{
    None,

    /// <summary>
    /// The data show no dropout: its mean, a / (a + b), is below 1e-3, or for Pareto/NBD the chance to drop out within the longest age.
    /// P(alive) is meaningless then, and the parameters of dropout have no standard errors.
    /// </summary>
    NoDropout,

    /// <summary>Gamma-Gamma with q ≤ 1: the mean value over all customers is infinite, and a customer without repeats has no expected value.</summary>
    NoMeanValue,
}

/// <summary>How good a fit is, at the parameters found.</summary>
/// <param name="LogLikelihood">Over all customers, with times in the model's unit.</param>
/// <param name="GradientNorm">The largest slope of the mean log-likelihood by the logarithm of a parameter; 0 at a maximum.</param>
/// <param name="SmallestCurvature">The smallest eigenvalue of minus its Hessian; positive at a maximum.</param>
/// <param name="StandardErrors">
/// Of each parameter, in the model's order, by the inverse of the Hessian; null where the data show no dropout.
/// </param>
/// <param name="Evaluations">How often the likelihood of all rows was computed.</param>
public sealed record FitDiagnostics(
    long Customers, double LogLikelihood, double GradientNorm, double SmallestCurvature, IReadOnlyList<double>? StandardErrors, Boundary Boundary,
    int Evaluations);
