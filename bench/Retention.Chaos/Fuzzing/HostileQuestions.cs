using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Retention.Chaos.Fuzzing;

/// <summary>
/// Requests to whatever the service describes: every operation × its parameters × plain, hostile, unknown and repeated ones, with bodies
/// like the described example.
/// </summary>
internal static class HostileQuestions
{
    /// <summary>Words that are right at least somewhere, so that what lies behind the first check is reached too.</summary>
    private static readonly Dictionary<string, string[]> Plain = new(StringComparer.Ordinal)
    {
        ["activity"] = ["window:60d", "window:1d"],
        ["after"] = ["0", "1", "100"],
        ["alignment"] = ["calendar", "rolling"],
        ["asOf"] = ["2025-07-01", "1900-01-01", "2025-03-30T03:30:00%2B02:00"],
        ["atomic"] = ["true", "false"],
        ["brackets"] = ["1-3,4-7", "5000"],
        ["cohort"] = ["2025-01-01", "2025-02-01"],
        ["compare"] = ["previous"],
        ["completeness"] = ["true"],
        ["customer"] = ["c-1", "%3D1%2B1"],
        ["dedup"] = ["all", "latest"],
        ["discountRate"] = ["0.1", "0", "1"],
        ["dryRun"] = ["true", "false"],
        ["entry"] = ["first", "every"],
        ["filter"] = ["country:FI", "channel:web,%3Dx", "spend:%3E%3D10", "tier:gold", "product:sku-1", "discountCode:X", "campaign:x"],
        ["format"] = ["json", "csv", "ndjson"],
        ["from"] = ["2025-01-01", "2025-02-15", "2025-01-01T00:00:00Z", "2025-01-01T08:00"],
        ["fromPosition"] = ["0", "1", "5"],
        ["grain"] = ["hour", "day", "week", "month", "quarter", "year"],
        ["groupBy"] = ["channel", "country", "campaign", "tier"],
        ["horizon"] = ["1", "365"],
        ["k"] = ["0", "1"],
        ["knownAt"] = ["1", "10", "2025-01-01T00:00:00Z"],
        ["limit"] = ["1", "2", "100"],
        ["mapping"] = ["cdnow", "online-retail", "olist", "shopify", "segment", "zendesk", "custom"],
        ["margin"] = ["0.3", "1"],
        ["measure"] = ["customers", "orders", "revenue", "cumulativeRevenue", "cumulativeRevenuePerCustomer"],
        ["metric"] = ["retention", "cohorts", "nps", "revenue", "clv"],
        ["minOrders"] = ["1", "2"],
        ["minPosition"] = ["0", "1"],
        ["mode"] = ["on", "on_or_after", "on_or_before", "survival"],
        ["model"] = ["bg-nbd", "mbg-nbd", "pareto-nbd"],
        ["name"] = ["country", "channel", "tier", "campaign"],
        ["period"] = ["2025-01", "2025-01-01", "2025-Q1"],
        ["periods"] = ["0", "3", "5000"],
        ["refunds"] = ["order", "refund"],
        ["replay"] = ["r-1"],
        ["return"] = ["order", "registration", "complaint", "feedback", "any"],
        ["sender"] = ["shopify", "segment"],
        ["split"] = ["2025-06-01"],
        ["start"] = ["order", "registration", "complaint", "feedback", "any"],
        ["status"] = ["active", "lapsed", "none"],
        ["summary"] = ["pooled", "simple"],
        ["tenant"] = ["torn"],
        ["to"] = ["2025-02-01", "2025-12-31", "2026-01-01T00:00:00Z", "2025-01-02T08:00"],
        ["toPosition"] = ["1", "20"],
        ["type"] = ["purchase_made", "feedback_given"],
        ["tz"] = ["UTC", "Europe/Helsinki", "Pacific/Apia"],
        ["until"] = ["1", "100"],
        ["window"] = ["P30D", "P90D"],
    };

    /// <summary>Words in paths, where a name alone does not tell.</summary>
    private static readonly Dictionary<string, string[]> InPath = new(StringComparer.Ordinal)
    {
        ["metric"] = ["retention", "lifecycle", "revenue", "revenue-retention", "clv", "nps", "complaints", "cohorts", "survival", "rfm", "lapsed-regulars", "detractors", "service-recovery"],
        ["id"] = ["c-1", "c-2", "%3D1%2B1", "nobody"],
        ["model"] = ["customers", "cells", "cohort-cells"],
    };

    private static readonly Gen<(string Name, string Value)> Headers =
        from name in Gen.Elements("Accept", "If-None-Match", "Prefer", "Retention-Epoch", "Retention-Tenant", "Last-Event-ID", "Accept-Encoding", "Content-Type", "Origin", "X-HTTP-Method-Override", "Range")
        from value in Gen.Elements("*/*;q=2", "*", "W/\"x\"", "text/csv", "application/json;q=0", "x", "", "wait=0", "wait=-1", "wait=99999999999999", "wait=0, wait=1", "respond-async", "'; --", "gzip;q=0, br;q=1", "bytes=0-", "-1", "a/b;c=\"", "Ä🦊", new string('x', 4_000))
        select (name, value);

    public static Gen<Shot> Of(IReadOnlyList<Operation> operations, string tenant, string torn) =>
        from operation in Gen.Elements<Operation>(operations)
        from path in PathOf(operation)
        from query in QueryOf(operation)
        from header in Gen.Frequency((4, Gen.Constant<(string, string)?>(null)), (1, Headers.Select(header => ((string, string)?)header)))
        from body in BodyOf(operation)
        select new Shot(operation, operation.Reads ? tenant : torn, path + query.Text)
        {
            IsMisspelt = query.IsMisspelt,
            Headers = header is { } given ? [given] : [],
            Body = body.Bytes,
            MediaType = body.MediaType,
        };

    private static Gen<string> PathOf(Operation operation) =>
        from parts in Gen.CollectToArray(operation.Path.Split('/'), part => part is ['{', .., '}'] ? Word(part[1..^1], InPath.GetValueOrDefault(part[1..^1])).Where(word => word is not ("" or "%00" or "a%00b")) : Gen.Constant(part))
        select string.Join('/', parts);

    private static Gen<(string Text, bool IsMisspelt)> QueryOf(Operation operation) =>
        from count in Gen.Elements(0, 1, 1, 2, 2, 3, 4)
        from known in operation.Parameters.Count == 0 ? Gen.Constant(Array.Empty<string>()) : Gen.ArrayOf(Gen.Elements<string>(operation.Parameters), count)
        from pairs in Gen.CollectToArray(known.Distinct(), name => Word(name, null).Select(value => $"{name}={value}"))
        from extra in Gen.Frequency(
            (8, Gen.Constant<string?>(null)), (1, Gen.Elements<string?>("colour=red", "%00=1", "%FF=1", "Limit=1", "$where=1", "a[]=1", "=1")),
            (1, Gen.Constant(known is [var first, ..] && first != "filter" ? (string?)$"{first}=1&{first}=2" : null)))
        let all = extra is null ? pairs : [.. pairs, extra]
        select (all.Length == 0 ? "" : $"?{string.Join('&', all)}", extra is not null);

    private static Gen<string> Word(string name, string[]? plain) =>
        (plain ?? Plain.GetValueOrDefault(name)) is { } words ? Gen.Frequency((3, Gen.Elements(words)), (2, Gen.Elements(HostileText.Escaped))) : Gen.Elements(HostileText.Escaped);

    private static Gen<(byte[]? Bytes, string? MediaType)> BodyOf(Operation operation)
    {
        if (operation.BodyType is null) return Gen.Frequency((9, Gen.Constant<(byte[]?, string?)>((null, null))), (1, Gen.Constant<(byte[]?, string?)>(("{}"u8.ToArray(), "application/json"))));
        var example = operation.Example ?? new JsonObject();
        var text = Gen.Frequency((6, MutatedJson.Of(example)), (1, Gen.Constant(example.ToJsonString())), (2, Gen.Elements(HostileText.Json)), (1, Gen.Constant("")));
        return from body in text
               from media in Gen.Frequency((12, Gen.Constant<string?>(operation.BodyType)), (1, Gen.Elements<string?>("text/plain", "application/json; charset=utf-16", "application/json;charset=\"x", "multipart/form-data", "x", "", null)))
               select ((byte[]?)HostileText.Bytes(body), media);
    }
}
