namespace Retention.Api.Voice;

/// <summary>Everything about answers and complaints.</summary>
public static class VoiceRoutes
{
    public static void MapVoice(this IEndpointRouteBuilder routes)
    {
        var metrics = routes.MapGroup("/v1/metrics").WithTags("Metrics");
        metrics.MapGet("nps", FeedbackEndpoints.NpsAsync).WithSummary("Net promoter score with interval, response rate and change");
        metrics.MapGet("csat", FeedbackEndpoints.CsatAsync).WithSummary("Customer satisfaction with interval, response rate and change");
        metrics.MapGet("ces", FeedbackEndpoints.CesAsync).WithSummary("Customer effort with interval, response rate and change");
        metrics.MapGet("complaints", ComplaintsEndpoint.GetAsync).WithSummary("Complaints: counts, clocks in calendar and business time, promise kept, backlog");
        metrics.MapGet("service-recovery", ServiceRecoveryEndpoint.GetAsync).WithSummary("Who orders again, and recommends, after complaints resolved, unresolved and none");
        metrics.MapGet("lapse-reasons", LapseReasonsEndpoint.GetAsync).WithSummary("Why customers stay away, as shares");
        metrics.MapGet("win-back", WinBackEndpoint.GetAsync).WithSummary("Lapsed regulars who were asked, answered and returned");
        routes.MapGet("/v1/complaints/breaches", ComplaintLists.BreachesAsync).WithTags("Complaints").WithSummary("Complaints that were not answered as promised");
        var segments = routes.MapGroup("/v1/segments").WithTags("Customers");
        segments.MapGet("open-complaints", ComplaintLists.OpenAsync).WithSummary("Complaints that wait, the earliest due first");
        segments.MapGet("detractors", DetractorsEndpoint.GetAsync).WithSummary("Who would not recommend, those with an open complaint first");
        routes.MapGet("/v1/customers/{id}/contactable", ContactableEndpoint.GetAsync).WithTags("Customers").WithSummary("Whether a customer may be asked for an answer");
    }
}
