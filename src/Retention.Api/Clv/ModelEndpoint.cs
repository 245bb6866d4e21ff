using System.Text.Json;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

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
        if (request.Format == "csv") return Csv.Of(all.Select(FitFigures.Of).ToList());
        var answer = JsonSerializer.SerializeToNode(FitFigures.Of(inForce), MetricAnswer.Json)!.AsObject();
        answer["asOf"] = JsonSerializer.SerializeToNode(request.Question.AsOf.Moment, MetricAnswer.Json);
        answer["fits"] = JsonSerializer.SerializeToNode(all.Select(FitFigures.Of), MetricAnswer.Json);
        return Results.Json(answer, MetricAnswer.Json);
    }
}
