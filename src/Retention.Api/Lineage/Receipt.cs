using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Retention.Api.Metrics;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Api.Lineage;

/// <summary>The definition of a metric, by the hash of its entry in the catalogue.</summary>
public sealed record ReceiptDefinition(string Name, int Version, string Hash);

/// <summary>The settings that were known.</summary>
public sealed record ReceiptSettings(long Version, long Position);

/// <summary>The replay that was asked: what it was made of, so that its answers can be made again without it.</summary>
/// <param name="Until">The last position that counts.</param>
/// <param name="Settings">Settings that differ from those that were known, by name; null for none.</param>
public sealed record ReceiptReplay(string Name, long Until, JsonElement? Settings);

/// <summary>What an answer was made from, so that it can be made again: with it, the answer proves itself.</summary>
/// <param name="Query">What was asked, in order of names, without what says how to answer.</param>
/// <param name="AsOf">The moment, and <paramref name="Position"/> the knowledge, that the answer is of.</param>
/// <param name="Epoch">Names the store: of one that is restored from a backup, positions may be others. Null on receipts of older programs.</param>
/// <param name="Code">The version of the program.</param>
/// <param name="Hash">SHA-256 of the answer's canonical JSON (RFC 8785), receipt, knownAt and replay left out.</param>
public sealed record Receipt(
    string Metric, ReceiptDefinition Definition, string Path, SortedDictionary<string, string[]> Query, DateTimeOffset AsOf, long Position,
    ReceiptSettings Settings, Guid? Epoch, string Code, string Hash)
{
    /// <summary>Null for an answer of the live record.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReceiptReplay? Replay { get; init; }

    /// <summary>Parameters that say how to answer, and those that a receipt has members for.</summary>
    private static readonly string[] Besides = ["receipt", "format", "minPosition", "knownAt", "asOf", "replay"];

    /// <summary>Parameters that the same answer can go without: a fold answers what a replay did.</summary>
    private static readonly string[] ByAnotherName = ["knownAt", "replay"];

    private static readonly string Program =
        typeof(Receipt).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The receipt of an answer.</summary>
    /// <param name="answer">As it is served, without the receipt.</param>
    internal static Receipt Of(CatalogueEntry metric, ReceiptBasis asked, JsonElement answer) => new(
        metric.Name, DefinitionOf(metric), asked.Path,
        new(asked.Query.Where(pair => !Besides.Contains(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value.Select(value => value ?? "").ToArray()), StringComparer.Ordinal),
        answer.GetProperty("asOf").GetDateTimeOffset(), answer.GetProperty("position").GetInt64(), asked.Settings, asked.Epoch, Program, HashOf(Content(answer)))
    {
        Replay = asked.Replay,
    };

    /// <summary>What the hash is of.</summary>
    internal static JsonElement Content(JsonElement answer)
    {
        var content = JsonObject.Create(answer)!;
        content.Remove("receipt");
        foreach (var name in ByAnotherName) (content["parameters"] as JsonObject)?.Remove(name);
        return JsonSerializer.SerializeToElement(content);
    }

    internal static string HashOf(JsonElement content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.Of(content)))}";

    private static ReceiptDefinition DefinitionOf(CatalogueEntry metric) =>
        new(metric.Name, metric.Version, HashOf(JsonSerializer.SerializeToElement(metric, MetricAnswer.Json)));
}

/// <summary>What a receipt tells of a question besides its answer.</summary>
internal sealed record ReceiptBasis(string Path, IQueryCollection Query, ReceiptSettings Settings, Guid Epoch, ReceiptReplay? Replay)
{
    public static async Task<ReceiptBasis> ReadAsync(HttpContext http, Snapshot snapshot, Replay? replay)
    {
        var (services, ct) = (http.RequestServices, http.RequestAborted);
        var known = await services.GetRequiredService<TenantSettings>().AtAsync(snapshot.Tenant, snapshot.Reflection.Position, ct);
        return new(
            http.Request.Path.Value!, http.Request.Query, new(known.Version, known.Position), await StoreEpoch.ReadAsync(services.GetRequiredService<Place>(), ct),
            replay is null ? null : new(replay.Name, replay.UpTo, replay.Asked.Settings));
    }
}
