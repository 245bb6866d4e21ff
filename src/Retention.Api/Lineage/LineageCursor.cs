using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Retention.Api.Lineage;

/// <summary>Where a page of customers begins; all pages are of the position and the moment of the first.</summary>
/// <param name="After">The last customer of the page before.</param>
internal sealed record LineageCursor(long Position, DateTimeOffset AsOf, string After)
{
    private const string Kind = "l";

    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Kind}:{Position}:{AsOf.UtcTicks}:{AsOf.Offset.Ticks}:{After}")));

    /// <returns>Null for what no page was given as.</returns>
    public static LineageCursor? Parse(string text)
    {
        if (!Base64Url.IsValid(text)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(':', 5);
        return parts is [Kind, var position, var ticks, var offset, var after] && Number(position) is { } at && Number(ticks) is { } utc and < 3_000_000_000_000_000_000
            && Number(offset) is { } shift && Math.Abs(shift) < 14 * TimeSpan.TicksPerHour && shift % TimeSpan.TicksPerMinute == 0
            ? new(at, new DateTimeOffset(utc, TimeSpan.Zero).ToOffset(new TimeSpan(shift)), after)
            : null;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
