using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Retention.Domain.Events;

/// <summary>
/// One spelling for equal JSON: the member order and string escapes of RFC 8785, and numbers as exact decimals, since RFC 8785's
/// doubles would make 0.1 + 2⁻⁶⁰ equal to 0.1. A repeated member counts once, with its last value, as PostgreSQL's jsonb keeps it.
/// </summary>
public static class CanonicalJson
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\']);

    /// <summary>The canonical UTF-8 text of a value.</summary>
    /// <exception cref="InvalidOperationException">A string holds a lone surrogate, which has no UTF-8 form.</exception>
    public static byte[] Of(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, value);
        return output.WrittenSpan.ToArray();
    }

    internal static void Write(IBufferWriter<byte> output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value);
                break;
            case JsonValueKind.Array:
                var separator = "["u8;
                foreach (var item in value.EnumerateArray())
                {
                    output.Write(separator);
                    Write(output, item);
                    separator = ","u8;
                }
                output.Write(value.GetArrayLength() == 0 ? "[]"u8 : "]"u8);
                break;
            case JsonValueKind.String:
                Write(output, value.GetString()!);
                break;
            case JsonValueKind.Number:
                WriteNumber(output, JsonMarshal.GetRawUtf8Value(value));
                break;
            default:
                output.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    /// <summary>A string in quotes; only <c>"</c>, <c>\</c> and control characters are escaped.</summary>
    internal static void Write(IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var next = rest.IndexOfAny(Escaped);
            StrictUtf8.GetBytes(next < 0 ? rest : rest[..next], output);
            if (next < 0) break;
            output.Write(Encoding.ASCII.GetBytes(Escape(rest[next])));
            rest = rest[(next + 1)..];
        }
        output.Write("\""u8);
    }

    private static string Escape(char character) => character switch
    {
        '\b' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\f' => "\\f",
        '\r' => "\\r",
        '"' or '\\' => $"\\{character}",
        _ => $"\\u{(int)character:x4}",
    };

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value)
    {
        var members = new List<(string Name, JsonElement Value)>();
        foreach (var member in value.EnumerateObject()) members.Add((member.Name, member.Value));
        if (!IsAscending(members)) members = Sorted(members);

        var separator = "{"u8;
        foreach (var (name, member) in members)
        {
            output.Write(separator);
            Write(output, name);
            output.Write(":"u8);
            Write(output, member);
            separator = ","u8;
        }
        output.Write(members.Count == 0 ? "{}"u8 : "}"u8);
    }

    private static bool IsAscending(List<(string Name, JsonElement Value)> members)
    {
        for (var i = 1; i < members.Count; i++)
            if (string.CompareOrdinal(members[i - 1].Name, members[i].Name) >= 0) return false;
        return true;
    }

    private static List<(string Name, JsonElement Value)> Sorted(List<(string Name, JsonElement Value)> members)
    {
        var last = new Dictionary<string, JsonElement>(members.Count, StringComparer.Ordinal);
        foreach (var (name, member) in members) last[name] = member;
        var sorted = new List<(string Name, JsonElement Value)>(last.Count);
        foreach (var (name, member) in last) sorted.Add((name, member));
        sorted.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return sorted;
    }

    private static void WriteNumber(IBufferWriter<byte> output, ReadOnlySpan<byte> raw)
    {
        const int ordinary = 40;
        if (raw.Length > ordinary || raw.ContainsAny((byte)'e', (byte)'E')) output.Write(Encoding.ASCII.GetBytes(Number(raw)));
        else WriteOrdinaryNumber(output, raw, stackalloc byte[ordinary]);
    }

    /// <summary>The same spelling as <see cref="Number"/> gives, without its texts, for a short number without an exponent.</summary>
    private static void WriteOrdinaryNumber(IBufferWriter<byte> output, ReadOnlySpan<byte> raw, Span<byte> digits)
    {
        var (count, exponent) = (0, 0);
        var point = raw.IndexOf((byte)'.');
        if (point >= 0) exponent = point + 1 - raw.Length;
        foreach (var character in raw)
            if (character is not ((byte)'-' or (byte)'.') && (count > 0 || character != (byte)'0')) digits[count++] = character;
        var significant = digits[..count].TrimEnd((byte)'0');
        exponent += count - significant.Length;

        if (raw[0] == (byte)'-' && count > 0) output.Write("-"u8);
        output.Write(count > 0 ? significant : "0"u8);
        if (count == 0 || exponent == 0) return;
        output.Write("e"u8);
        exponent.TryFormat(output.GetSpan(8), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <summary>Digits without outer zeros and a power of ten: 49.90 and 4.99e1 are both 499e-1, and every zero is 0.</summary>
    private static string Number(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.ASCII.GetString(utf8);
        var e = text.AsSpan().IndexOfAny('e', 'E');
        var mantissa = e < 0 ? text : text[..e];
        var exponent = e < 0
            ? BigInteger.Zero
            : BigInteger.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

        var sign = mantissa[0] == '-' ? "-" : "";
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) exponent -= mantissa.Length - point - 1;

        var digits = mantissa.Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var significant = digits.TrimEnd('0');
        if (significant.Length == 0) return "0";
        exponent += digits.Length - significant.Length;
        return exponent.IsZero ? sign + significant : $"{sign}{significant}e{exponent}";
    }
}
