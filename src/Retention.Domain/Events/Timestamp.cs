using System.Globalization;
using System.Text.RegularExpressions;

namespace Retention.Domain.Events;

/// <summary>
/// RFC 3339 date-times, which state their offset. Time is counted in 100 ns: further digits of a second are cut. A leap second (:60) is
/// not accepted.
/// </summary>
public static partial class Timestamp
{
    private const string Format7 = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz";

    /// <returns>Null for a text that is no RFC 3339 date-time, or one without an offset.</returns>
    public static DateTimeOffset? TryParse(string text)
    {
        if (Shape().Match(text) is not { Success: true } match) return null;
        var fraction = match.Groups["fraction"].Value;
        var offset = match.Groups["offset"].Value is "Z" or "z" ? "+00:00" : match.Groups["offset"].Value;
        var normal = $"{match.Groups["date"].Value}T{match.Groups["time"].Value}{fraction[..Math.Min(fraction.Length, 8)]}{offset}";
        return DateTimeOffset.TryParseExact(normal, Format7, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
    }

    /// <exception cref="FormatException">The text is no RFC 3339 date-time with an offset.</exception>
    public static DateTimeOffset Parse(string text) => TryParse(text) ?? throw new FormatException($"'{text}' is not an RFC 3339 date-time.");

    /// <summary>With the time's own offset, and as many digits of a second as it has.</summary>
    public static string Format(DateTimeOffset time) => time.ToString(Format7, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?<fraction>\.[0-9]+)?(?<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Shape();
}
