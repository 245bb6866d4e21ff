using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

/// <summary>The fit in force, and every fit that is known.</summary>
public sealed record ModelAnswer : FitFigures
{
    private ModelAnswer(FitFigures inForce) : base(inForce)
    {
    }

    public required DateTimeOffset AsOf { get; init; }

    public required IReadOnlyList<FitFigures> Fits { get; init; }

    internal static ModelAnswer Of(FitFigures inForce, DateTimeOffset asOf, IEnumerable<FitFigures> all) => new(inForce) { AsOf = asOf, Fits = [.. all] };
}

/// <summary><c>GET /v1/models/clv</c>: the fit by which customers are scored as of a moment, and every fit that is known.</summary>
public static class ModelEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, FittedModels models)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new("model") { Periods = false, Groups = false, Receipts = false });
        var model = request.Query.Choice("model", PurchaseModels.Names);
        request.Query.Done();
        var all = await models.AllAsync(tenant.Name, ScoringRequest.KnownAt(request), http.RequestAborted);
        var inForce = FittedModels.InForce(all, request.Question.AsOf.Moment, model is null ? null : fit => fit.Model == model)
            ?? throw ScoringRequest.NoModel(404, model, all);
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, all.Select(FitFigures.Of).ToList());
        return Results.Json(ModelAnswer.Of(FitFigures.Of(inForce), request.Question.AsOf.Moment, all.Select(FitFigures.Of)), MetricAnswer.Json);
    }
}
