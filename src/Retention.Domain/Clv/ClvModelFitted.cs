using System.Text.Json;
using Retention.Domain.Definitions;

namespace Retention.Domain.Clv;

/// <summary>The model of value that was fitted together with a model of purchases.</summary>
/// <param name="Gamma">In major units of the currency.</param>
/// <param name="LogLikelihood">Over the customers with repeats and a positive mean value.</param>
/// <param name="Customers">How many those are.</param>
public sealed record SpendFitted(double P, double Q, double Gamma, double LogLikelihood, double GradientNorm, long Customers);

/// <summary>
/// The event of a fit: what was fitted to what, and what came of it. It is a fact of the log, in the tenant's stream <c>models</c>, so that
/// every score can be made again, and scores as of an earlier moment stay what they were.
/// </summary>
/// <param name="Model">One of <see cref="PurchaseModels.Names"/>.</param>
/// <param name="TimeUnit"><c>day</c> or <c>week</c>: the unit of the parameters.</param>
/// <param name="ObservationEnd">The last day observed, in the zone of the definition.</param>
/// <param name="TrainedAt">The log position up to which facts were known.</param>
/// <param name="Definition">The <see cref="Definition.Key"/> that decided what a day and a purchase is.</param>
/// <param name="Parameters">By name; of the unit of time.</param>
/// <param name="LogLikelihood">Over all customers.</param>
/// <param name="StandardErrors">By the parameters' names; null where the data show no dropout.</param>
/// <param name="Boundary">Of the model of purchases.</param>
/// <param name="Spend">Null where there is no model of value.</param>
/// <param name="Diagnostics">In sentences, what the fit cannot be relied on for; empty where nothing is wrong with it.</param>
public sealed record ClvModelFitted(
    string Model, string TimeUnit, DateOnly ObservationEnd, long TrainedAt, string Definition, IReadOnlyDictionary<string, double> Parameters,
    double LogLikelihood, double GradientNorm, double SmallestCurvature, IReadOnlyDictionary<string, double>? StandardErrors, string Boundary,
    long Customers, SpendFitted? Spend, IReadOnlyList<string> Diagnostics)
{
    /// <summary>The stored name.</summary>
    public const string Name = "clv_model_fitted";

    /// <summary>The version of the shape of <c>data</c> that is written today.</summary>
    public const int SchemaVersion = 1;

    /// <summary>The units of time by name.</summary>
    public static IReadOnlyList<string> TimeUnits { get; } = ["day", "week"];

    public PurchaseModel ToModel() => PurchaseModels.Of(Model, Parameters, UnitOf(TimeUnit));

    public GammaGamma? ToValue() => Spend is null ? null : new GammaGamma(Spend.P, Spend.Q, Spend.Gamma);

    /// <summary>The first instant that was not observed: as of an earlier moment, the fit would know what has not happened yet.</summary>
    public DateTimeOffset ObservedUntil() => Definitions.Definition.FromKey(Definition).Calendar.StartOf(ObservationEnd.AddDays(1));

    public string ToData() => JsonSerializer.Serialize(this, Settings.Json);

    /// <exception cref="InvalidDataException">The data holds no fit, or one by which nothing can be scored.</exception>
    public static ClvModelFitted Read(JsonElement data)
    {
        try
        {
            var fitted = data.Deserialize<ClvModelFitted>(Settings.Json) ?? throw new InvalidDataException("A fitted model is null.");
            fitted.ToModel();
            fitted.ObservedUntil();
            return fitted;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or ArgumentException or NullReferenceException or FormatException)
        {
            throw new InvalidDataException($"A fitted model lacks a member, or has one that is not allowed: {e.Message}", e);
        }
    }

    public static TimeUnit UnitOf(string name) => name switch
    {
        "day" => Clv.TimeUnit.Day,
        "week" => Clv.TimeUnit.Week,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, $"is not one of {string.Join(", ", TimeUnits)}"),
    };
}
