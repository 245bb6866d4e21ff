using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;

namespace Retention.Api.Clv;

/// <summary>What predicts lifetime value, and what is predicted; the metric itself is <c>/v1/metrics/clv</c>.</summary>
public static class ClvEndpoints
{
    public static void MapClv(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/v1/models/clv").WithTags("Models");
        models.MapGet("", ModelEndpoint.GetAsync).Describes<ModelAnswer>("The fitted model in force, and all fits").ProducesProblem(404);
        models.MapPost("fit", FitEndpoint.PostAsync).Describes<FitFigures>("Fit a model of purchases and value to the tenant's customers").ProducesProblem(422);
        models.MapGet("evaluation", EvaluationEndpoint.GetAsync).Describes<EvaluationAnswer>("How good a fit on earlier data would have been, beside last year's rate");
        models.MapGet("what-if", WhatIfEndpoint.GetAsync).Describes<WhatIfAnswer>("Revenue and profit of the tenant's own cohorts with more retention");
        routes.MapGet("/v1/customers/{id}/clv", (HttpContext http, Tenant tenant) => CustomerClvEndpoint.GetAsync(http, tenant, CustomerEndpoints.IdOf(http)))
            .WithTags("Customers").Describes<CustomerClvFigures>("What is expected of one customer: P(alive), purchases, value and the next purchase").ProducesProblem(404);
        routes.MapGet("/v1/segments/at-risk", AtRiskEndpoint.GetAsync).WithTags("Customers").Describes<AtRiskAnswer>("Customers in order of the value that is expected to be lost").ProducesProblem(409);
    }
}
