namespace Retention.Api.Lineage;

/// <summary>Routes of what was known, who is behind a figure, and why it changed.</summary>
public static class LineageRoutes
{
    public static void MapLineage(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/metrics/{metric}/bridge", BridgeEndpoint.GetAsync).WithTags("Lineage")
            .WithSummary("Why figures are others than at an earlier position: steps by cause, which sum exactly");
        routes.MapGet("/v1/metrics/{metric}/lineage", LineageEndpoint.GetAsync).WithTags("Lineage")
            .WithSummary("The customers behind a cell, in numerator and denominator or excluded, and the events that decide it");
        routes.MapPost("/v1/receipts/verify", ReceiptEndpoint.VerifyAsync).WithTags("Lineage").Accepts<Receipt>("application/json")
            .WithSummary("Make an answer again from its receipt, and compare the two byte by byte");
        routes.MapPeriods();
        routes.MapGet("/v1/changes", ChangesEndpoint.GetAsync).WithTags("Lineage").WithSummary("Which periods of which metrics have moved since a position");
    }
}
