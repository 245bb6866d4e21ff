using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Webhooks;

/// <summary><c>POST /v1/webhooks/segment/{tenant}</c>: one message, or a <c>batch</c> of them, read as files are (<see cref="Segment"/>).</summary>
internal static partial class SegmentWebhook
{
    public static async Task<IResult> PostAsync(HttpContext http, string tenant, SignedBody body, Ingestion ingestion, ILoggerFactory logs)
    {
        var payload = new JsonRow(await body.ReadAsync(http, tenant, WebhookSender.Segment));
        var (events, unread, ignored) = (new List<Envelope>(), new List<Rejection>(), (string?)null);
        var messages = payload.Rows("batch");
        foreach (var (index, message) in (messages.Count > 0 ? messages.Select(message => message.Alone()) : [payload]).Index())
        {
            events.AddRange(Segment.OfMessage(message, out var left));
            ignored ??= left;
            if (message.Fault is var (code, rule)) unread.Add(new Rejection(index, message.Text("messageId"), code, [new Fault("", code, rule)]));
        }
        var log = logs.CreateLogger(WebhookOutcome.LogName);
        foreach (var refused in unread) Refused(log, refused.Id, tenant, refused.Errors[0].Message);
        if (events.Count == 0 && unread.Count == 0) return Results.Json(WebhookOutcome.Ignore($"nothing is made of it ({ignored})"));
        var outcome = events.Count > 0 ? WebhookOutcome.Of(await ingestion.StoreAsync(tenant, events, http.RequestAborted)) : WebhookOutcome.Ignore("") with { Ignored = null };
        foreach (var refused in outcome.Rejected) Refused(log, refused.Id, tenant, refused.Errors[0].Message);
        return Results.Json(outcome with { Rejected = [.. unread, .. outcome.Rejected] });
    }

    [LoggerMessage(LogLevel.Warning, "The message {Id} of a webhook of Segment for tenant {Tenant} is refused: {Message}")]
    private static partial void Refused(ILogger log, string? id, string tenant, string message);
}
