using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>Finds what JSON allows and PostgreSQL cannot keep: NUL and halves of surrogate pairs in texts, numbers beyond all measure.</summary>
internal static class StorableJson
{
    private const int MostDigits = 200;
    private const int LargestExponent = 300;

    public static bool Check(JsonElement json, string path, List<Fault> faults)
    {
        if (IsStorable(JsonMarshal.GetRawUtf8Value(json)) && AreNumbersMeasured(json)) return true;
        var before = faults.Count;
        Walk(json, path, faults);
        return faults.Count == before;
    }

    private static void Walk(JsonElement json, string path, List<Fault> faults)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    var name = NameOf(member);
                    if (name is null) faults.Add(new Fault(path, "not_storable", "has a member whose name holds NUL or half of a surrogate pair"));
                    else Walk(member.Value, path == "" ? name : $"{path}.{name}", faults);
                }
                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in json.EnumerateArray().Index()) Walk(item, $"{path}[{index}]", faults);
                break;
            case JsonValueKind.String when !IsStorable(JsonMarshal.GetRawUtf8Value(json)) && TextOf(json) is null:
                faults.Add(new Fault(path, "not_storable", "must be UTF-8 and may not hold NUL or half of a surrogate pair"));
                break;
            case JsonValueKind.Number when !IsMeasured(JsonMarshal.GetRawUtf8Value(json)):
                faults.Add(new Fault(path, "out_of_range", $"may have at most {MostDigits} digits and an exponent within ±{LargestExponent}"));
                break;
        }
    }

    /// <summary>In UTF-8, only an escape can bring in what is not storable; most texts have none.</summary>
    private static bool IsStorable(ReadOnlySpan<byte> raw) => Utf8.IsValid(raw) && raw.IndexOf("\\u"u8) < 0;

    private static string? NameOf(JsonProperty member) => Storable(() => member.Name);

    /// <summary>A JSON string as text; null for one that cannot be kept.</summary>
    public static string? TextOf(JsonElement json) => Storable(() => json.GetString()!);

    private static string? Storable(Func<string> read)
    {
        try
        {
            var text = read();
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool AreNumbersMeasured(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                    if (!AreNumbersMeasured(member.Value)) return false;
                return true;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                    if (!AreNumbersMeasured(item)) return false;
                return true;
            default:
                return json.ValueKind != JsonValueKind.Number || IsMeasured(JsonMarshal.GetRawUtf8Value(json));
        }
    }

    private static bool IsMeasured(ReadOnlySpan<byte> raw)
    {
        if (raw.Length > MostDigits) return false;
        var exponent = raw.IndexOfAny((byte)'e', (byte)'E');
        return exponent < 0
            || (int.TryParse(raw[(exponent + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power)
                && Math.Abs(power) <= LargestExponent);
    }
}
