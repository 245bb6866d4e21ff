using System.Buffers;
using System.Globalization;
using System.Text;

namespace Retention.Api.Ingest;

/// <summary>
/// Lines of CSV (RFC 4180) for exports of any size. Null is empty. Texts that a spreadsheet would take for a formula begin with an
/// apostrophe.
/// </summary>
internal static class CsvLine
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    public static void Write(IBufferWriter<byte> into, IReadOnlyList<string?> fields)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            if (i > 0) into.Write(","u8);
            if (fields[i] is { Length: > 0 } field) Write(into, field);
        }
        into.Write("\n"u8);
    }

    private static void Write(IBufferWriter<byte> into, string field)
    {
        if (field[0] is '=' or '+' or '-' or '@' or '\t' or '\r' && !decimal.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) field = $"'{field}";
        if (field.AsSpan().ContainsAny(Special)) field = $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var span = into.GetSpan(Encoding.UTF8.GetMaxByteCount(field.Length));
        into.Advance(Encoding.UTF8.GetBytes(field, span));
    }
}
