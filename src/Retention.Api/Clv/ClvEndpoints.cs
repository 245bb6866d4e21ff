using Retention.Api.Customers;
using Retention.Api.Tenancy;

namespace Retention.Api.Clv;

/// <summary>What predicts lifetime value, and what is predicted; the metric itself is <c>/v1/metrics/clv</c>.</summary>
public static class ClvEndpoints
{
    public static void MapClv(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/v1/models/clv").WithTags("Models");
        models.MapGet("", ModelEndpoint.GetAsync).WithSummary("The fitted model in force, and all fits");
        models.MapPost("fit", FitEndpoint.PostAsync).WithSummary("Fit a model of purchases and value to the tenant's customers");
        models.MapGet("evaluation", EvaluationEndpoint.GetAsync).WithSummary("How good a fit on earlier data would have been, beside last year's rate");
        models.MapGet("what-if", WhatIfEndpoint.GetAsync).WithSummary("Revenue and profit of the tenant's own cohorts with more retention");
        routes.MapGet("/v1/customers/{id}/clv", (HttpContext http, Tenant tenant) => CustomerClvEndpoint.GetAsync(http, tenant, CustomerEndpoints.IdOf(http)))
            .WithTags("Customers").WithSummary("What is expected of one customer: P(alive), purchases, value and the next purchase");
        routes.MapGet("/v1/segments/at-risk", AtRiskEndpoint.GetAsync).WithTags("Customers").WithSummary("Customers in order of the value that is expected to be lost");
    }
}
