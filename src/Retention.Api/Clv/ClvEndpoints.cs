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
        routes.MapGet("/v1/customers/{id}/clv", (HttpContext http, Tenant tenant) => CustomerClvEndpoint.GetAsync(http, tenant, CustomerEndpoints.IdOf(http)))
            .WithTags("Customers").WithSummary("What is expected of one customer: P(alive), purchases, value and the next purchase");
    }
}
