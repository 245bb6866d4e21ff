using Retention.Api.Metrics;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

/// <summary>By what customers are scored: the fit in force at the question's moment, how far ahead, and at which yearly rate.</summary>
/// <param name="Fitted">Null where none is in force.</param>
internal sealed record ScoringRequest(FittedModel? Fitted, Horizon Horizon)
{
    /// <summary>The parameters that a question about scores takes.</summary>
    public static readonly string[] Parameters = ["model", "horizon", "discountRate"];

    private const int DefaultHorizon = 365;
    private const int LongestHorizon = 3_650;
    private const double DefaultRate = 0.1;

    private readonly PurchaseModel? model = Fitted?.Fit.ToModel();
    private readonly GammaGamma? value = Fitted?.Fit.ToValue();

    public FitFigures? Fit => Fitted is null ? null : FitFigures.Of(Fitted);

    /// <exception cref="ProblemException">400 for a wrong parameter; 409 where the model that is asked for is not in force.</exception>
    public static async Task<ScoringRequest> ReadAsync(MetricRequest request, HttpContext http)
    {
        var (model, horizon, all) = await AskedAsync(request, http);
        var inForce = FittedModels.InForce(all, request.Question.AsOf.Moment, model is null ? null : fit => fit.Model == model);
        if (inForce is null && model is not null) throw NoModel(409, model, all);
        return new ScoringRequest(inForce, horizon);
    }

    /// <summary>As <see cref="ReadAsync"/>, for who is at risk: there must be a fit, of a model that knows it of everybody, and of value too.</summary>
    /// <exception cref="ProblemException">400 for a wrong parameter; 409 where there is no such fit.</exception>
    public static async Task<ScoringRequest> ReadForRiskAsync(MetricRequest request, HttpContext http)
    {
        var (model, horizon, all) = await AskedAsync(request, http);
        if (model is not null && !PurchaseModels.CanRankRisk(model)) throw Unsuitable();
        var moment = request.Question.AsOf.Moment;
        var inForce = FittedModels.InForce(all, moment, fit => model is null ? PurchaseModels.CanRankRisk(fit.Model) : fit.Model == model);
        if (inForce is null) throw model is null && FittedModels.InForce(all, moment) is not null ? Unsuitable() : NoModel(409, model, all);
        if (inForce.Fit.Spend is null)
            throw new ProblemException(409, "no_spend", "The fit in force has no model of value, and so nobody has an expected loss.", new Fault("model", "no_spend", "has no model of value"));
        return new ScoringRequest(inForce, horizon);
    }

    /// <summary>The log position up to which a question knows fits.</summary>
    public static long KnownAt(MetricRequest request) => Math.Min(request.Question.KnownAt, request.Snapshot.Reflection.Position);

    public static ProblemException NoModel(int status, string? model, IReadOnlyList<FittedModel> all)
    {
        var detail = (all.Count, model) switch
        {
            (0, _) => "No model has been fitted: POST /v1/models/clv/fit.",
            (_, null) => "Every fit observes days after this moment, and would know what had not happened yet. Ask for a later asOf, or fit with an earlier observationEnd.",
            _ => $"No fit of {model} is in force at this moment: POST /v1/models/clv/fit with it, or ask for a later asOf.",
        };
        return new ProblemException(status, "no_model", detail, new Fault("model", "no_model", detail));
    }

    /// <summary>The last day that scores have observed any of.</summary>
    public static DateOnly ObservationEnd(AsOf asOf) => asOf.AtStart ? asOf.Day.AddDays(-1) : asOf.Day;

    /// <summary>The scores of customers, in their order.</summary>
    public Score[] Of(IReadOnlyList<CustomerPurchases> customers) => Scoring.All(model!, value, customers, Horizon);

    public void Echo(Dictionary<string, object?> parameters)
    {
        parameters["model"] = Fitted?.Fit.Model;
        parameters["horizon"] = Horizon.Days;
        parameters["discountRate"] = Horizon.YearlyDiscountRate;
    }

    private static async Task<(string? Model, Horizon Horizon, IReadOnlyList<FittedModel> All)> AskedAsync(MetricRequest request, HttpContext http)
    {
        var query = request.Query;
        var model = query.Choice("model", PurchaseModels.Names);
        var horizon = new Horizon((int)(query.Whole("horizon", 1, LongestHorizon) ?? DefaultHorizon), query.Number("discountRate", 0, 10) ?? DefaultRate);
        query.Done();
        var models = http.RequestServices.GetRequiredService<FittedModels>();
        return (model, horizon, await models.AllAsync(request.Snapshot.Tenant, KnownAt(request), http.RequestAborted));
    }

    private static ProblemException Unsuitable()
    {
        const string Detail = "BG/NBD gives everybody without a repeat purchase P(alive) = 1, and so cannot tell who is at risk: fit mbg-nbd or pareto-nbd.";
        return new(409, "unsuitable_model", Detail, new Fault("model", "unsuitable_model", Detail));
    }
}
