using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Retention.Api.Security.Limiting;

namespace Retention.Api.Configuration;

/// <summary>The member <c>limits</c>: the members of <see cref="Limits"/> by their names, each with a default.</summary>
internal static class ConfiguredLimits
{
    private static readonly Dictionary<string, PropertyInfo> Known = typeof(Limits).GetProperties().ToDictionary(limit => limit.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with a limit, as it follows its name; null for nothing.</summary>
    public static string? Fault(string name, string text) =>
        !Known.TryGetValue(name, out var limit) ? $"is not known; allowed are {string.Join(", ", Known.Keys.Select(JsonNamingPolicy.CamelCase.ConvertName).Order(StringComparer.Ordinal))}"
        : Parse(limit, text) is null ? TypeOf(limit) == typeof(TimeSpan) ? "must be a time above 0, such as 00:00:15" : $"must be a {(TypeOf(limit) == typeof(double) ? "" : "whole ")}number above 0"
        : null;

    /// <summary>The limits that are told, with the defaults of all others.</summary>
    public static Limits Of(IEnumerable<KeyValuePair<string, string>> told)
    {
        var limits = new Limits();
        foreach (var (name, text) in told) Known[name].SetValue(limits, Parse(Known[name], text));
        return limits;
    }

    private static object? Parse(PropertyInfo limit, string text)
    {
        var (type, invariant) = (TypeOf(limit), CultureInfo.InvariantCulture);
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.None, invariant, out var whole) && whole > 0 ? whole : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.None, invariant, out var large) && large > 0 ? large : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.AllowDecimalPoint, invariant, out var number) && number > 0 ? number : null;
        // A number alone would be taken for days.
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(text, "c", invariant, out var time) && time > TimeSpan.Zero ? time : null;
    }

    private static Type TypeOf(PropertyInfo limit) => Nullable.GetUnderlyingType(limit.PropertyType) ?? limit.PropertyType;
}
