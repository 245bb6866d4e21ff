using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Metrics;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.Running;

namespace Retention.Api.Lineage;

/// <summary>The definition of a metric, by the hash of its entry in the catalogue.</summary>
public sealed record ReceiptDefinition(string Name, int Version, string Hash);

/// <summary>The settings that were known.</summary>
public sealed record ReceiptSettings(long Version, long Position);

/// <summary>What an answer was made from, so that it can be made again: with it, the answer proves itself.</summary>
/// <param name="Query">What was asked, in order of names, without what says how to answer.</param>
/// <param name="AsOf">The moment, and <paramref name="Position"/> the knowledge, that the answer is of.</param>
/// <param name="Code">The version of the program.</param>
/// <param name="Hash">SHA-256 of the answer's canonical JSON (RFC 8785), receipt and knownAt left out.</param>
public sealed record Receipt(
    string Metric, ReceiptDefinition Definition, string Path, SortedDictionary<string, string[]> Query, DateTimeOffset AsOf, long Position,
    ReceiptSettings Settings, string Code, string Hash)
{
    /// <summary>Parameters that say how to answer, and those that a receipt has members for.</summary>
    private static readonly string[] Besides = ["receipt", "format", "minPosition", "knownAt", "asOf"];

    private static readonly string Program =
        typeof(Receipt).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The receipt of an answer.</summary>
    /// <param name="asked">The path and the query.</param>
    /// <param name="answer">As it is served, without the receipt.</param>
    internal static Receipt Of(CatalogueEntry metric, (string Path, IQueryCollection Query, ReceiptSettings Settings) asked, JsonElement answer) => new(
        metric.Name, DefinitionOf(metric), asked.Path,
        new(asked.Query.Where(pair => !Besides.Contains(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value.Select(value => value ?? "").ToArray()), StringComparer.Ordinal),
        answer.GetProperty("asOf").GetDateTimeOffset(), answer.GetProperty("position").GetInt64(), asked.Settings, Program, HashOf(Content(answer)));

    /// <summary>The settings known at a position.</summary>
    internal static async Task<ReceiptSettings> SettingsAtAsync(TenantSettings settings, string tenant, long position, CancellationToken ct)
    {
        var known = await settings.AtAsync(tenant, position, ct);
        return new(known.Version, known.Position);
    }

    /// <summary>What the hash is of.</summary>
    internal static JsonElement Content(JsonElement answer)
    {
        var content = JsonObject.Create(answer)!;
        content.Remove("receipt");
        (content["parameters"] as JsonObject)?.Remove("knownAt");
        return JsonSerializer.SerializeToElement(content);
    }

    internal static string HashOf(JsonElement content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.Of(content)))}";

    private static ReceiptDefinition DefinitionOf(CatalogueEntry metric) =>
        new(metric.Name, metric.Version, HashOf(JsonSerializer.SerializeToElement(metric, MetricAnswer.Json)));
}
