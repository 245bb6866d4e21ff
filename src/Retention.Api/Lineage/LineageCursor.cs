using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Retention.Api.Lineage;

/// <summary>Where a page of customers begins; all pages are of the position and the moment of the first.</summary>
/// <param name="After">The last customer of the page before.</param>
internal sealed record LineageCursor((long Position, DateTimeOffset AsOf) At, string After)
{
    private const string Kind = "l";

    public override string ToString() => PinnedCursor.Spell(Kind, At, After);

    /// <returns>Null for what no page was given as.</returns>
    public static LineageCursor? Parse(string text) => PinnedCursor.Read(Kind, text) is var (at, after) ? new(at, after) : null;
}

/// <summary>Where a customer's earlier events end; they are told as of the position and the moment of the later ones.</summary>
/// <param name="Told">How many of its events come before those that were looked at.</param>
internal sealed record EventsCursor((long Position, DateTimeOffset AsOf) At, int Told)
{
    private const string Kind = "e";

    public override string ToString() => PinnedCursor.Spell(Kind, At, Told.ToString(CultureInfo.InvariantCulture));

    /// <returns>Null for what no events were given as.</returns>
    public static EventsCursor? Parse(string text) =>
        PinnedCursor.Read(Kind, text) is var (at, rest) && int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? new(at, told) : null;
}

/// <summary>How cursors that hold a position and a moment are spelled.</summary>
internal static class PinnedCursor
{
    // That of Kiritimati, and the most that a time can have.
    private const long FurthestOffset = 14 * TimeSpan.TicksPerHour;

    public static string Spell(string kind, (long Position, DateTimeOffset AsOf) at, string rest) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{kind}:{at.Position}:{at.AsOf.UtcTicks}:{at.AsOf.Offset.Ticks}:{rest}")));

    public static ((long Position, DateTimeOffset AsOf) At, string Text)? Read(string kind, string text)
    {
        if (!Base64Url.IsValid(text)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(':', 5);
        return parts is [var named, var position, var ticks, var offset, var rest] && named == kind && Number(position) is { } at && Number(ticks) is { } utc and < 3_000_000_000_000_000_000
            && Number(offset) is { } shift && Math.Abs(shift) <= FurthestOffset && shift % TimeSpan.TicksPerMinute == 0
            ? ((at, new DateTimeOffset(utc, TimeSpan.Zero).ToOffset(new TimeSpan(shift))), rest)
            : null;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
