using System.Text;

namespace Retention.Chaos.Fuzzing;

/// <summary>
/// What no well-meaning client sends, by the place where it is put. The letters U+E080 to U+E0FF stand for the single bytes 0x80 to 0xFF, so
/// that texts can hold what is no UTF-8.
/// </summary>
internal static class HostileText
{
    /// <summary>In place of a JSON value, without line breaks; not all are JSON.</summary>
    public static readonly string[] Json =
    [
        "null", "true", "[]", "{}", "\"\"", "\" \"", "0", "-0", "-0.0", "-1", "0.1234567890123456789", "12345678901234567890123456789", "99999999999.999", "1e400", "-1e-400", "1E28", "5e-324",
        "1e99999999999999999999", $"1{new string('0', 250)}", "9223372036854775808", "NaN", "-Infinity", "01", "+1", "1.", ".5", "0x1F", "'single'", "tru", "undefined",
        "{\"a\":1,\"a\":2}", "[1,]", "{,}", "{\"a\"}", "[[[[[[[[[[1]]]]]]]]]]", Nested(31), Nested(40), Nested(20_000), "{\"\":{\"\":{\"\":1}}}",
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\ude00\\ud83d\"", "\"\\ud83e\\udd8a\"", "\"\uE0FF\"", "\"\uE0C0\uE080\"", "\"\uE0ED\uE0A0\uE080\"", "\"\uE0F4\uE090\uE080\uE080\"",
        "\"\u0000\"", "\"\u0001\"", "\"\\x41\"", "\"\\u12\"", "\"unclosed", "\"\uFEFF\"", "\uFEFF1", "\"\u202Eevil\"", "\"\u0085\u2028\u2029\"",
        "\"=1+1\"", "\"@SUM(A1)\"", "\"\\t=1\"", "\"\\r+1\"", "\"-1+1\"", "\"'; drop table retention.mt_events; --\"", "\"$1\"", "\"%s%n\"", "\"{0}\"", "\"../../etc/passwd\"", "\"<script>\"",
        "\"0000-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"1900-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"9999-12-31\"", "\"2025-02-30T00:00:00Z\"",
        "\"2025-01-01T24:00:00Z\"", "\"2025-01-01T23:59:60Z\"", "\"2025-01-01T00:00:00\"", "\"2025-01-01T00:00:00+99:99\"", "\"2025-01-01t00:00:00z\"", "\"P99999999999D\"", "\"PT-5M\"", "\"20:00\"",
        "\"USD\"", "\"XXX\"", "\"EUR \"", "\"nps\"", "\"csat\"", "\"purchase_made\"", "\"event_retracted\"", "\"Europe/Helsinki\"", "[[\"17:00\",\"09:00\"]]", "[[null]]", "[\"a\",1,null,{}]",
        $"\"{new string('x', 300)}\"", $"\"{new string('ä', 30_000)}\"", $"[{string.Join(',', Enumerable.Repeat("1", 3_000))}]",
    ];

    /// <summary>The name of a JSON member.</summary>
    public static readonly string[] Names =
        ["\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"a.b[0]\"", "\"__proto__\"", "\"$type\"", "\"\uE0FF\"", "\"Id\"", "\"customer\"", "\"events\"", "\"end\"", "\"=1\"", $"\"{new string('n', 5_000)}\"", "unquoted"];

    /// <summary>A value in a query string or a path, as it is written there.</summary>
    public static readonly string[] Escaped =
    [
        "", "%20", "%00", "a%00b", "%FF%FE", "%C0%80", "%ED%A0%80", "%", "%zz", "%25", "%0D%0A", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2F", "%E2%80%AE", "%F0%9F%A6%8A", "null", "true", "NaN", "Infinity", "-1", "0", "-0",
        "1", "2", "1e9", "1000000000", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.1234567890123456789", "1e400", "1%2C5", "0x10", "%D9%A3",
        "%27%3B%20drop%20table%20retention.mt_events%3B%20--", "%27%20or%20%271%27%3D%271", "%24%24", "%5C%27", "country%3A%27%20or%201%3D1--", "country:FI", "channel:", ":", "spend:%3E%3D100", "spend:%3E%3D1e400",
        "spend:%3E%3D99999999999999999999999999999", "attributes.x:%00", "tier:gold,silver", "product:%F0%9F%A6%8A", "discountCode:%25", "nothing:1", "spend:%3C", "%3DSUM(A1)",
        "0000-00-00", "0001-01-01", "1899-12-31", "1900-01-01", "1900-02-29", "2200-12-31", "9999-12-31", "2025-02-30", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59.9999999-14:00", "1900-01-01T00:00:00%2B14:00", "2025-1-1", "2025-W01", "yesterday", "window:0d", "window:1d", "window:3660d", "window:99999999999d", "P0D", "P30D", "P99999999D",
        "Etc/GMT%2B14", "Mars/Base", "UTC%00", "1-3,4-7", "1-99999999999", "7%2B", "00000000~x", "abcdefgh~%00", "~", "~~", "e30", "eyJhIjoxfQ", "AAAA", "////", "W10", "00000000-0000-0000-0000-000000000000",
        new string('a', 300), new string('9', 400), $"filter{new string('%', 1)}", string.Concat(Enumerable.Repeat("%F0%9F%A6%8A", 200)),
    ];

    /// <summary>A field of a CSV file.</summary>
    public static readonly string[] Fields =
    [
        "", " ", "\"", "\"\"", "\"a", "a\"b", "\"a\"b", "\"a\"\"b\"", "\"a\nb\"", "\u0000", "a\u0000b", "\uFFFD", "\uE0FF\uE0FE", "\uE0ED\uE0A0\uE080", "\uFEFF", "=1+1", "@x", "\t", "\r", "'", ";", "\\N", "NULL", "NaN",
        "-0", "1e400", "1e9", "-1", "999999999999", "0.0000001", "0.1234567890123456789", "1,5", "1.5.5", "+5", "٣", "2025-02-30", "0000-01-01", "9999-12-31 23:59:59", "9999-12-31", "1899-01-01 00:00:00",
        "2025-01-01 00:00:00 +9999", "0001-01-01 00:00:00 +1400", "9999-12-31 23:59:59 -1400", "UTC", "C536379", "'; drop table x; --", "🦊", "ä\u0301", new string('x', 201), new string('x', 30_000),
    ];

    public static byte[] Bytes(string text)
    {
        var bytes = new MemoryStream(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= 0xE080 and <= 0xE0FF) bytes.WriteByte((byte)(rune.Value - 0xE000));
            else bytes.Write(Encoding.UTF8.GetBytes(rune.ToString()));
        }
        return bytes.ToArray();
    }

    private static string Nested(int depth) => $"{new string('[', depth)}{new string(']', depth)}";
}
