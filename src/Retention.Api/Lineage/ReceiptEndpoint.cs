using System.Globalization;
using System.Text.Json;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Api.Lineage;

/// <summary>A value that differs between an answer and the same answer made again; null where there is none.</summary>
public sealed record AnswerDifference(string Path, JsonElement? Was, JsonElement? Is);

/// <summary><c>POST /v1/receipts/verify</c>: makes an answer again, from its receipt, and compares the two byte by byte in canonical JSON.</summary>
public static class ReceiptEndpoint
{
    private const int MostDifferences = 100;

    public static async Task<IResult> VerifyAsync(HttpContext http, Tenant tenant)
    {
        QueryReader.Of(http).Only();
        using var body = await JsonBody.ReadAsync(http.Request, http.RequestAborted);
        var whole = body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("receipt", out var inner) ? body.RootElement : (JsonElement?)null;
        var given = Read(whole is null ? body.RootElement : whole.Value.GetProperty("receipt"), out var question);

        await RefuseOtherStoreAsync(http, given);

        // Without the replay, which may be another one by now: the record of its position is folded by its settings.
        var answer = await question.AskAsync(http, given.Replay is { Settings: { } other } ? new FoldScope { SettingsOf = settings => Supposed(settings, other) } : null);
        var again = answer.GetProperty("receipt").Deserialize<Receipt>(MetricAnswer.Json)! with { Replay = given.Replay };
        var content = Receipt.Content(answer);
        var altered = whole is { } sent && Receipt.HashOf(Receipt.Content(sent)) != given.Hash;
        var differs = new List<string>();
        if (altered) differs.Add("answer");
        if (given.Hash != again.Hash) differs.Add("hash");
        if (given.Definition != again.Definition) differs.Add("definition");
        if (given.Settings != again.Settings) differs.Add("settings");
        if (given.Code != again.Code) differs.Add("code");
        var differences = new List<AnswerDifference>();
        if (whole is { } answered && (altered || given.Hash != again.Hash)) Compare("", Receipt.Content(answered), content, differences);
        return Results.Json(new { verified = given.Hash == again.Hash && !altered, differs, differences, given, recomputed = again }, MetricAnswer.Json);
    }

    /// <exception cref="ProblemException">410 for a receipt of another store.</exception>
    private static async Task RefuseOtherStoreAsync(HttpContext http, Receipt given)
    {
        var epoch = await StoreEpoch.ReadAsync(http.RequestServices.GetRequiredService<Place>(), http.RequestAborted);
        if (given.Epoch is not { } known || known == epoch) return;
        const string why = "is of another store than this one, or of this one before it was restored from a backup: positions may stand for other events here";
        throw new ProblemException(410, "other_epoch", $"The receipt cannot be verified any more: its epoch {known} {why}.", new Fault("receipt.epoch", "other_epoch", why));
    }

    /// <exception cref="ProblemException">422 for settings that this program does not know.</exception>
    private static Settings Supposed(Settings settings, JsonElement other)
    {
        var faults = new List<Fault>();
        var supposed = settings.Merge(other, faults);
        if (faults is [var first, ..])
            throw new ProblemException(
                422, "unknown_settings", $"The receipt cannot be verified: the settings of its replay are none that this program knows. {first.Path} {first.Message}.",
                [.. faults.Select(fault => fault with { Path = $"receipt.replay.settings.{fault.Path}" })]);
        return supposed;
    }

    /// <exception cref="ProblemException">422 for what is no receipt.</exception>
    private static Receipt Read(JsonElement json, out MetricQuestion question)
    {
        Receipt? receipt = null;
        try
        {
            receipt = json.Deserialize<Receipt>(MetricAnswer.Json);
        }
        catch (JsonException)
        {
            // It is refused like one that lacks members.
        }
        if (receipt is not { Path: not null, Query: not null, Hash: not null, Definition: not null, Settings: not null } || MetricQuestion.At(receipt.Path) is not { } metric)
            throw new ProblemException(422, "not_a_receipt", "The body must be an answer with its receipt, or the receipt alone.", new Fault("receipt", "not_a_receipt", "must be as an answer with receipt=true has it"));
        question = new MetricQuestion(metric, [.. receipt.Query.SelectMany(pair => pair.Value ?? [], (pair, value) => KeyValuePair.Create(pair.Key, value))])
            .With("asOf", Timestamp.Format(receipt.AsOf)).With("knownAt", receipt.Position.ToString(CultureInfo.InvariantCulture)).With("receipt", "true");
        return receipt;
    }

    /// <summary>Where two values differ, by JSON Pointer (RFC 6901).</summary>
    private static void Compare(string path, JsonElement was, JsonElement now, List<AnswerDifference> found)
    {
        if (found.Count >= MostDifferences || CanonicalJson.Of(was).AsSpan().SequenceEqual(CanonicalJson.Of(now))) return;
        if (was.ValueKind == JsonValueKind.Object && now.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in was.EnumerateObject().Select(member => member.Name).Union(now.EnumerateObject().Select(member => member.Name)))
                CompareMember($"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", MemberOf(was, name), MemberOf(now, name), found);
        }
        else if (was.ValueKind == JsonValueKind.Array && now.ValueKind == JsonValueKind.Array)
        {
            for (var i = 0; i < Math.Max(was.GetArrayLength(), now.GetArrayLength()); i++)
                CompareMember($"{path}/{i}", i < was.GetArrayLength() ? was[i] : null, i < now.GetArrayLength() ? now[i] : null, found);
        }
        else found.Add(new(path, was, now));
    }

    private static void CompareMember(string path, JsonElement? was, JsonElement? now, List<AnswerDifference> found)
    {
        if (was is { } one && now is { } other) Compare(path, one, other, found);
        else if (found.Count < MostDifferences) found.Add(new(path, was, now));
    }

    private static JsonElement? MemberOf(JsonElement json, string name) => json.TryGetProperty(name, out var member) ? member : null;
}
