using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Domain.Clv;

/// <summary>What a fit is asked for.</summary>
/// <param name="Model">One of <see cref="PurchaseModels.Names"/>.</param>
/// <param name="TimeUnit">One of <see cref="ClvModelFitted.TimeUnits"/>.</param>
/// <param name="ObservationEnd">The last day observed.</param>
public sealed record ClvFitRequest(string Model, string TimeUnit, DateOnly ObservationEnd);

/// <summary>What a fit learns from: the sufficient statistics of purchases, and what each customer with repeats has spent.</summary>
public sealed record ClvSample(PurchaseStatistics Statistics, IReadOnlyList<RepeatSpend> Spends)
{
    /// <param name="statistics">Null: those of the customers. Else it is enough that the customers have repeats.</param>
    public static ClvSample Of(IReadOnlyList<CustomerPurchases> customers, PurchaseStatistics? statistics = null) => new(
        statistics ?? PurchaseStatistics.Of(customers.Select(customer => customer.Pattern)),
        [.. customers.Where(customer => customer.MeanRepeatValue > 0).Select(customer => new RepeatSpend(customer.Frequency, customer.MeanRepeatValue!.Value))]);
}

/// <summary>A fit that was refused.</summary>
public sealed record ClvFitRefused(FitRefusal Reason, string Explanation);

/// <summary>The fit of a model of purchases together with that of value.</summary>
public static class ClvTraining
{
    /// <param name="by">The definition that the sample was taken by, and the log position up to which its facts were known.</param>
    /// <returns>The event, or why there is none. Without a model of value there is an event all the same: purchases need no prices.</returns>
    public static (ClvModelFitted? Fitted, ClvFitRefused? Refused) Fit(ClvSample sample, ClvFitRequest asked, (Definition Definition, long TrainedAt) by)
    {
        var purchases = PurchaseModels.Fit(asked.Model, sample.Statistics, ClvModelFitted.UnitOf(asked.TimeUnit));
        if (purchases is Fit<PurchaseModel>.Refused refused) return (null, new ClvFitRefused(refused.Reason, refused.Explanation));
        var (model, found) = (Fit<PurchaseModel>.Accepted)purchases;
        var value = GammaGamma.Fit(sample.Spends);
        var spend = value is Fit<GammaGamma>.Accepted accepted
            ? new SpendFitted(
                accepted.Model.P, accepted.Model.Q, accepted.Model.Gamma, accepted.Diagnostics.LogLikelihood, accepted.Diagnostics.GradientNorm,
                accepted.Diagnostics.Customers)
            : null;
        var errors = found.StandardErrors is { } known ? PurchaseModels.ParameterNames(model).Zip(known).ToDictionary(pair => pair.First, pair => pair.Second) : null;
        return (new ClvModelFitted(
            asked.Model, asked.TimeUnit, asked.ObservationEnd, by.TrainedAt, by.Definition.Key, PurchaseModels.ParametersOf(model), found.LogLikelihood,
            found.GradientNorm, found.SmallestCurvature, errors, found.Boundary == Boundary.NoDropout ? "no_dropout" : "none", found.Customers, spend,
            [.. Sentences(found.Boundary, value)]), null);
    }

    private static IEnumerable<string> Sentences(Boundary purchases, Fit<GammaGamma> value)
    {
        if (purchases == Boundary.NoDropout)
            yield return "no_dropout: the fit lies on the boundary, since the data show no dropout; P(alive) is meaningless, and so is whatever follows from it, such as who is at risk";
        if (value is Fit<GammaGamma>.Refused refused)
            yield return $"no_spend: there is no model of value, and so no expected value and no clv; {refused.Explanation}";
        if (value is Fit<GammaGamma>.Accepted { Diagnostics.Boundary: Boundary.NoMeanValue })
            yield return "no_mean_value: q is at most 1, so that the mean value over all customers is infinite; customers without a repeat purchase have no expected value and no clv";
    }
}

/// <summary>The customers of a fold, as models see them; in no particular order.</summary>
public sealed class ObservedCustomers : IMergeable<ObservedCustomers>
{
    private readonly List<CustomerPurchases> customers = [];

    public IReadOnlyList<CustomerPurchases> Customers => customers;

    public void Add(CustomerPurchases customer) => customers.Add(customer);

    public void Add(ObservedCustomers others) => customers.AddRange(others.customers);
}
