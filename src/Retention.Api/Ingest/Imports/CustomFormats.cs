using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>How a file writes numbers and times.</summary>
/// <param name="decimalSign">A point or a comma; the other one, blanks and apostrophes may part thousands.</param>
/// <param name="zone">Of times that state no offset. One that a change of clocks leaves out is an hour later, one that comes twice the earlier.</param>
/// <param name="times">Patterns of local times; a date alone is its noon.</param>
/// <param name="instants">Patterns of times with an offset, tried after RFC 3339.</param>
internal sealed partial class CustomFormats(char decimalSign, DateTimeZone zone, IReadOnlyList<LocalDateTimePattern> times, IReadOnlyList<OffsetDateTimePattern> instants)
{
    private const decimal Billion = 1_000_000_000;

    /// <summary>What a number must look like, in words.</summary>
    public string NumberRule { get; } = $"must be a decimal number below a billion, with a {(decimalSign == ',' ? "comma" : "point")} and at most 6 decimals";

    /// <summary>How a pattern tells that it holds an offset.</summary>
    public static bool HasOffset(string pattern) => pattern.Contains("o<", StringComparison.Ordinal);

    public decimal? Number(string text)
    {
        if (!Shape(decimalSign).IsMatch(text)) return null;
        var plain = new string([.. text.Where(c => char.IsAsciiDigit(c) || c is '-' || c == decimalSign).Select(c => c == decimalSign ? '.' : c)]);
        return decimal.TryParse(plain, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && Math.Abs(value) < Billion && decimal.Round(value, 6) == value ? value : null;
    }

    public DateTimeOffset? Time(string text)
    {
        if (Timestamp.TryParse(text) is { } instant) return instant;
        foreach (var pattern in instants)
            if (pattern.Parse(text).TryGetValue(default, out var time)) return time.ToDateTimeOffset();
        foreach (var pattern in times)
            if (pattern.Parse(text).TryGetValue(default, out var time)) return zone.AtLeniently(time).ToDateTimeOffset();
        return null;
    }

    public static bool? Flag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "y" or "1" => true,
        "false" or "no" or "n" or "0" => false,
        _ => null,
    };

    private static Regex Shape(char decimalSign) => decimalSign == ',' ? WithComma() : WithPoint();

    [GeneratedRegex(@"\A[+-]?([0-9]+|[0-9]{1,3}([.\u00A0\u202F '’][0-9]{3})+)(,[0-9]+)?\z")]
    private static partial Regex WithComma();

    [GeneratedRegex(@"\A[+-]?([0-9]+|[0-9]{1,3}([,\u00A0\u202F '’][0-9]{3})+)(\.[0-9]+)?\z")]
    private static partial Regex WithPoint();
}
