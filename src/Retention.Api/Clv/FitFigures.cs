using Retention.Domain.Clv;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

/// <summary>A fit as it is answered.</summary>
/// <param name="Parameters">Times in <paramref name="TimeUnit"/>.</param>
/// <param name="LogLikelihood">Summed over customers.</param>
/// <param name="Spend">The model of value by parameter, gamma in major units, with the likelihood and the customers that it is of; null where there is none.</param>
/// <param name="GradientNorm">The largest slope of the mean log-likelihood by the logarithm of a parameter; 0 at a maximum.</param>
/// <param name="StandardErrors">Of the parameters; null where the data show no dropout.</param>
/// <param name="Diagnostics">What the fit cannot be relied on for, in sentences; empty where nothing is wrong with it.</param>
/// <param name="TrainedAt">The log position up to which facts were known.</param>
/// <param name="Position">Of the fit itself: a question with this minPosition is answered by it.</param>
public record FitFigures(
    string Model, Dictionary<string, double> Parameters, double LogLikelihood, Dictionary<string, double>? Spend, long Customers, double GradientNorm,
    IReadOnlyList<string> Diagnostics, Dictionary<string, double>? StandardErrors, string TimeUnit, DateOnly ObservationEnd, string TimeZone,
    long TrainedAt, DateTimeOffset FittedAt, long Position)
{
    public static FitFigures Of(FittedModel fitted)
    {
        var fit = fitted.Fit;
        // The store keeps members in an order of its own.
        var names = PurchaseModels.ParameterNames(fit.ToModel());
        return new(
            fit.Model, names.ToDictionary(name => name, name => fit.Parameters[name]), fit.LogLikelihood, SpendOf(fit),
            fit.Customers, fit.GradientNorm, fit.Diagnostics, fit.StandardErrors is { } errors ? names.ToDictionary(name => name, name => errors[name]) : null, fit.TimeUnit, fit.ObservationEnd,
            Domain.Definitions.Definition.FromKey(fit.Definition).Calendar.Zone, fit.TrainedAt, fitted.FittedAt, fitted.Position);
    }

    private static Dictionary<string, double>? SpendOf(ClvModelFitted fit) => fit.Spend is not { } spend ? null : new()
    {
        ["p"] = spend.P,
        ["q"] = spend.Q,
        ["gamma"] = spend.Gamma,
        ["logLikelihood"] = spend.LogLikelihood,
        ["customers"] = spend.Customers,
    };
}
