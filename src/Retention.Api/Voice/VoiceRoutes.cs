using Retention.Api.Metrics;

namespace Retention.Api.Voice;

/// <summary>Everything about answers and complaints.</summary>
public static class VoiceRoutes
{
    public static void MapVoice(this IEndpointRouteBuilder routes)
    {
        var metrics = routes.MapGroup("/v1/metrics").WithTags("Metrics");
        metrics.MapGet("nps", FeedbackEndpoints.NpsAsync).Answers<NpsFigures>("Net promoter score with interval, response rate and change");
        metrics.MapGet("csat", FeedbackEndpoints.CsatAsync).Answers<CsatFigures>("Customer satisfaction with interval, response rate and change");
        metrics.MapGet("ces", FeedbackEndpoints.CesAsync).Answers<CesFigures>("Customer effort with interval, response rate and change");
        metrics.MapGet("complaints", ComplaintsEndpoint.GetAsync).Answers<ComplaintFigures>("Complaints: counts, clocks in calendar and business time, promise kept, backlog");
        metrics.MapGet("service-recovery", ServiceRecoveryEndpoint.GetAsync).Answers<RecoveryFigures>("Who orders again, and recommends, after complaints resolved, unresolved and none");
        metrics.MapGet("lapse-reasons", LapseReasonsEndpoint.GetAsync).Answers<LapseReasonFigures>("Why customers stay away, as shares");
        metrics.MapGet("win-back", WinBackEndpoint.GetAsync).Answers<WinBackFigures>("Lapsed regulars who were asked, answered and returned");
        routes.MapGet("/v1/complaints/breaches", ComplaintLists.BreachesAsync).WithTags("Complaints").Describes<WorkAnswer<ComplaintRow>>("Complaints that were not answered as promised");
        var segments = routes.MapGroup("/v1/segments").WithTags("Customers");
        segments.MapGet("open-complaints", ComplaintLists.OpenAsync).Describes<WorkAnswer<ComplaintRow>>("Complaints that wait, the earliest due first");
        segments.MapGet("detractors", DetractorsEndpoint.GetAsync).Describes<WorkAnswer<DetractorRow>>("Who would not recommend, those with an open complaint first");
        routes.MapGet("/v1/customers/{id}/contactable", ContactableEndpoint.GetAsync).WithTags("Customers").Describes<ContactableFigures>("Whether a customer may be asked for an answer").ProducesProblem(404);
    }
}
