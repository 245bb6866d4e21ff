using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Retention.Api.Clv;

/// <summary>A place in the list of customers at risk: what its last row was ranked by.</summary>
internal sealed record AtRiskCursor(double Loss, string Id)
{
    // Tells cursors of this kind from those of other lists.
    private const string Kind = "r:";

    public static string After(AtRiskRow row) => new AtRiskCursor(row.ExpectedLoss, row.Customer).Text();

    public static AtRiskCursor? Read(QueryReader query)
    {
        if (query.Text("cursor") is not { } cursor) return null;
        if (Parse(cursor) is { } place && place.Text() == cursor) return place;
        query.Fault("cursor", "unknown_cursor", "must be a nextCursor of this list, or left out for the first page");
        return null;
    }

    private static AtRiskCursor? Parse(string cursor)
    {
        if (!Base64Url.IsValid(cursor)) return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(Kind, StringComparison.Ordinal) && text[Kind.Length..].Split(':', 2) is [var bits, var id]
            && long.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var loss)
            ? new AtRiskCursor(BitConverter.Int64BitsToDouble(loss), id)
            : null;
    }

    private string Text() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Kind}{BitConverter.DoubleToInt64Bits(Loss)}:{Id}")));
}
