using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// One JSON object of a sender that is loose about types: numbers may come as texts, ids as numbers, absent members as null or "". Members
/// inside of others are named with points (<c>billing_address.country_code</c>). What is not as it should be is remembered as the row's
/// <see cref="Fault"/>, the first one found, those of the objects in it included, and reads as absent.
/// </summary>
public sealed class JsonRow
{
    private const decimal Billion = 1_000_000_000;

    private readonly JsonElement json;
    private readonly string path;
    private readonly JsonRow root;
    private (string Code, string Message)? fault;

    public JsonRow(JsonElement json) => (this.json, path, root) = (json, "", this);

    private JsonRow(JsonElement json, string path, JsonRow root) => (this.json, this.path, this.root) = (json, path, root);

    /// <summary>A code and a sentence, or null while all that was read is right.</summary>
    public (string Code, string Message)? Fault => root.fault;

    /// <summary>The same object as a row of its own, whose faults are nobody else's.</summary>
    public JsonRow Alone() => new(json);

    /// <summary>A text, a number or a flag as text; null for none.</summary>
    public string? Text(string name) => Text(name, Fields.MaxName);

    /// <summary>What somebody wrote in their own words; null for none.</summary>
    public string? FreeText(string name) => Text(name, Fields.MaxFreeText);

    public string RequiredText(string name)
    {
        var text = Text(name);
        if (text is null) Blame(name, "missing_value", "is required");
        return text ?? "";
    }

    /// <summary>A decimal number, of magnitude below a billion and with at most 6 decimals, bare or as text; null for none.</summary>
    public decimal? Number(string name)
    {
        if (Text(name) is not { } text) return null;
        const NumberStyles plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (decimal.TryParse(text, plain, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < Billion && decimal.Round(value, 6) == value) return value;
        Blame(name, "not_a_number", "must be a decimal number below a billion, with a point and at most 6 decimals");
        return null;
    }

    public decimal RequiredNumber(string name)
    {
        var number = Number(name);
        if (number is null) Blame(name, "missing_value", "is required");
        return number ?? 0;
    }

    /// <summary>An RFC 3339 time with its offset; null for none.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text) return null;
        if (Timestamp.TryParse(text) is { } time) return time;
        Blame(name, "not_a_time", "must be a time such as 2026-01-15T10:11:12+02:00");
        return null;
    }

    public DateTimeOffset RequiredTime(string name)
    {
        var time = Time(name);
        if (time is null) Blame(name, "missing_value", "is required");
        return time ?? default;
    }

    public bool IsTrue(string name) => TryFind(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>The objects of an array; none where there is no such array.</summary>
    public IReadOnlyList<JsonRow> Rows(string name) => !TryFind(name, out var value) || value.ValueKind != JsonValueKind.Array
        ? []
        : [.. value.EnumerateArray().Select((item, index) => new JsonRow(item, $"{path}{name}[{index}].", root))];

    /// <summary>Holds the value of a member to a rule of the mapping.</summary>
    public void Require(bool kept, string name, string code, string rule)
    {
        if (!kept) Blame(name, code, rule);
    }

    private string? Text(string name, int most)
    {
        if (!TryFind(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            Blame(name, "wrong_type", "must be a text, a number or a flag");
            return null;
        }
        var text = value.ValueKind == JsonValueKind.String ? StorableJson.TextOf(value) : value.GetRawText();
        if (text is null) Blame(name, "not_text", "holds a zero byte or half of a surrogate pair");
        else if (text.Length > most) Blame(name, "too_long", $"may have at most {most} characters");
        return string.IsNullOrWhiteSpace(text) || text.Length > most ? null : text;
    }

    private bool TryFind(string name, out JsonElement value)
    {
        value = json;
        foreach (var step in name.Split('.'))
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value)) return false;
        return true;
    }

    private void Blame(string name, string code, string rule) =>
        root.fault ??= (code, $"{path}{name} {rule}{(TryFind(name, out var value) ? $"; it is '{Shown(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)))}'" : "")}.");

    private static string Shown(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
