using System.Text.Json.Serialization;

namespace Retention.Api.Ingest.Webhooks;

/// <summary>What became of a webhook. Its sender is told 200 even if nothing was stored: sending it again would change nothing.</summary>
/// <param name="Ignored">Why nothing was made of it; null where something was.</param>
public sealed record WebhookOutcome(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ignored, int Accepted, int Duplicates, IReadOnlyList<Rejection> Rejected)
{
    /// <summary>The name under which webhooks write to the log.</summary>
    public const string LogName = "Retention.Api.Ingest.Webhooks";

    public static WebhookOutcome Of(IngestOutcome outcome) => new(null, outcome.Accepted, outcome.Duplicates, outcome.Rejected)
    {
        Position = outcome.Position,
    };

    public static WebhookOutcome Ignore(string reason) => new(reason, 0, 0, []);

    /// <summary>The highest position that was stored or found as a duplicate; null where nothing was made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Position { get; init; }
}
