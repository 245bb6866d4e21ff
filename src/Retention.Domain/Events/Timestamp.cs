using System.Globalization;

namespace Retention.Domain.Events;

/// <summary>RFC 3339 date-times, which state their offset.</summary>
public static class Timestamp
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd't'HH:mm:ssK", "yyyy-MM-dd't'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd' 'HH:mm:ssK", "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
    ];

    /// <returns>Null for a text that is no RFC 3339 date-time, or one without an offset.</returns>
    public static DateTimeOffset? TryParse(string text)
    {
        var withOffset = text.Length > 0 && (text[^1] is 'Z' or 'z' || (text.Length >= 6 && text[^6] is '+' or '-' && text[^3] == ':'));
        var normal = text.EndsWith('z') ? text[..^1] + "Z" : text;
        return withOffset && DateTimeOffset.TryParseExact(normal, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
    }

    /// <exception cref="FormatException">The text is no RFC 3339 date-time with an offset.</exception>
    public static DateTimeOffset Parse(string text) => TryParse(text) ?? throw new FormatException($"'{text}' is not an RFC 3339 date-time.");

    /// <summary>With the time's own offset, and as many digits of a second as it has.</summary>
    public static string Format(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);
}
