using System.Globalization;
using System.Text.Json;

namespace Retention.Domain.Events;

/// <summary>What is wrong with one member: where it is, a stable code, and a sentence that says what is allowed.</summary>
public sealed record Fault(string Path, string Code, string Message);

/// <summary>
/// Reads the members of a JSON object into typed values. A wrong member becomes a <see cref="Fault"/> and reads as absent, so that one
/// pass finds all of them; members that nobody asked for are counted as unknown. Each member is asked for once; what a reader asks for
/// also describes its type (<see cref="AskedBy"/>).
/// </summary>
public sealed class Fields(JsonElement json, string path, List<Fault> faults)
{
    /// <summary>Longest text accepted for names, ids and codes, in UTF-16 units.</summary>
    public const int MaxName = 200;

    /// <summary>Longest text accepted for free text, in UTF-16 units.</summary>
    public const int MaxFreeText = 20_000;

    private List<Member>? asked;
    private int found;
    private int unknownInside;

    /// <summary>
    /// Whether it is of an event that the log holds: how long texts may be is a rule for senders, and sealed ones are longer than they were.
    /// </summary>
    public bool Stored { get; init; }

    /// <summary>Members nobody asked for, those of nested objects included.</summary>
    public int Unknown => unknownInside + json.GetPropertyCount() - found;

    /// <summary>The members that a reader asks for, in its order.</summary>
    public static IReadOnlyList<Member> AskedBy<T>(Func<Fields, T> read)
    {
        var fields = new Fields(JsonElement.Parse("{}"), "", []) { asked = [] };
        read(fields);
        return fields.asked;
    }

    public string? Text(string name, int maxLength = MaxName)
    {
        asked?.Add(new Member(name, MemberKind.Text) { MaxLength = maxLength });
        if (!TryGet(name, JsonValueKind.String, "a string", out var value)) return null;
        var text = value.GetString()!;
        if (Stored || text.Length <= maxLength) return text;
        Fault(name, "too_long", $"may have at most {maxLength} characters");
        return null;
    }

    public string RequiredText(string name)
    {
        var text = Text(name);
        if (text is null or "") Require(name, "a non-empty string");
        return text ?? "";
    }

    /// <summary>One of the allowed words, case-sensitively.</summary>
    public string RequiredChoice(string name, IReadOnlyList<string> allowed)
    {
        var text = RequiredText(name);
        if (asked is not null) asked[^1] = asked[^1] with { Allowed = allowed };
        if (text.Length > 0 && !allowed.Contains(text)) Fault(name, "not_allowed", $"must be one of {string.Join(", ", allowed)}");
        return text;
    }

    public decimal? Number(string name)
    {
        asked?.Add(new Member(name, MemberKind.Number));
        if (!TryGet(name, JsonValueKind.Number, "a number", out var value)) return null;
        if (IsExact(value.GetRawText()) && value.TryGetDecimal(out var number)) return number;
        Fault(name, "out_of_range", "must be a decimal number of at most 28 digits");
        return null;
    }

    public decimal RequiredNumber(string name)
    {
        var number = Number(name);
        if (number is null) Require(name, "a number");
        return number ?? 0;
    }

    /// <summary>A whole number; 4.0 is one, 4.5 is a fault.</summary>
    public int? Whole(string name)
    {
        var value = Number(name);
        if (asked is not null) asked[^1] = asked[^1] with { Kind = MemberKind.Whole };
        if (value is not { } number) return null;
        if (decimal.Truncate(number) == number && number is >= int.MinValue and <= int.MaxValue) return (int)number;
        Fault(name, "wrong_type", "must be a whole number");
        return null;
    }

    public int RequiredWhole(string name)
    {
        var number = Whole(name);
        if (number is null) Require(name, "a whole number");
        return number ?? 0;
    }

    public bool? Flag(string name)
    {
        asked?.Add(new Member(name, MemberKind.Flag));
        if (!TryFind(name, out var value)) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Fault(name, "wrong_type", "must be true or false");
        return null;
    }

    public IReadOnlyList<T>? List<T>(string name, Func<Fields, T> read)
    {
        asked?.Add(new Member(name, MemberKind.List) { Items = AskedBy(read), ItemType = typeof(T) });
        if (!TryGet(name, JsonValueKind.Array, "an array", out var array)) return null;
        var items = new List<T>(array.GetArrayLength());
        foreach (var (index, item) in array.EnumerateArray().Index())
        {
            var at = $"{path}.{name}[{index}]";
            if (item.ValueKind != JsonValueKind.Object)
            {
                faults.Add(new Fault(at, "wrong_type", "must be an object"));
                continue;
            }
            var fields = new Fields(item, at, faults) { Stored = Stored };
            items.Add(read(fields));
            unknownInside += fields.Unknown;
        }
        return items;
    }

    /// <summary>An object of scalars, each as text; null stays null.</summary>
    public IReadOnlyDictionary<string, string?>? Attributes(string name)
    {
        asked?.Add(new Member(name, MemberKind.Attributes));
        if (!TryGet(name, JsonValueKind.Object, "an object", out var value)) return null;
        var attributes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name.Length is 0 or > MaxName)
                Fault($"{name}.{member.Name}", "too_long", $"an attribute's name has 1 to {MaxName} characters");
            else if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                Fault($"{name}.{member.Name}", "wrong_type", "must be a string, a number, true, false or null");
            else if (!Stored && member.Value.ToString() is { Length: > MaxName })
                Fault($"{name}.{member.Name}", "too_long", $"may have at most {MaxName} characters");
            else
                attributes[member.Name] = ScalarText(member.Value);
        }
        return attributes;
    }

    public IReadOnlyDictionary<string, string?> RequiredAttributes(string name)
    {
        var attributes = Attributes(name);
        if (attributes is null) Require(name, "an object");
        return attributes ?? new Dictionary<string, string?>();
    }

    /// <summary>A scalar as text, as JSON spells it; null stays null.</summary>
    public static string? ScalarText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.ToString(),
    };

    /// <summary>Whether a decimal holds every digit: at most 28 of them, and none further than 28 places behind the point.</summary>
    private static bool IsExact(string raw)
    {
        var e = raw.IndexOfAny(['e', 'E']);
        var mantissa = e < 0 ? raw : raw[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.TryParse(raw.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) ? power : int.MinValue;
        var decimals = (point < 0 ? 0 : mantissa.Length - point - 1) - (long)exponent;
        return mantissa.Count(char.IsAsciiDigit) <= 28 && decimals <= 28;
    }

    private bool TryGet(string name, JsonValueKind kind, string allowed, out JsonElement value)
    {
        if (!TryFind(name, out value)) return false;
        if (value.ValueKind == kind) return true;
        Fault(name, "wrong_type", $"must be {allowed}");
        return false;
    }

    private bool TryFind(string name, out JsonElement value)
    {
        if (!json.TryGetProperty(name, out value)) return false;
        found++;
        return value.ValueKind != JsonValueKind.Null;
    }

    private void Fault(string name, string code, string message) => faults.Add(new Fault($"{path}.{name}", code, message));

    /// <summary>A member that cannot be done without is not there; unless it is, and wrong.</summary>
    private void Require(string name, string what)
    {
        if (asked is not null) asked[^1] = asked[^1] with { Required = true };
        if (!faults.Exists(fault => fault.Path == $"{path}.{name}")) Fault(name, "required", $"is required: {what}");
    }
}
