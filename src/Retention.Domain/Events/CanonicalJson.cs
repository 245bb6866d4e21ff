using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

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

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch;

    /// <summary>This thread's empty buffer, for a text that is hashed before anything else is written.</summary>
    internal static ArrayBufferWriter<byte> Scratch()
    {
        // A text of megabytes does not stay.
        const int most = 64 * 1024;
        if (scratch is null || scratch.Capacity > most) scratch = new ArrayBufferWriter<byte>(1024);
        scratch.ResetWrittenCount();
        return scratch;
    }

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
                WriteText(output, value);
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

    /// <summary>UTF-8 without an escape is canonical as it stands, quotes included.</summary>
    private static void WriteText(IBufferWriter<byte> output, JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text);
        if (raw.Contains((byte)'\\') || !Utf8.IsValid(raw)) Write(output, text.GetString()!);
        else output.Write(raw);
    }

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value)
    {
        var count = value.GetPropertyCount();
        var members = ArrayPool<JsonProperty>.Shared.Rent(count);
        try
        {
            var next = 0;
            foreach (var member in value.EnumerateObject()) members[next++] = member;
            WriteMembers(output, InOrder(members.AsSpan(0, count)));
        }
        finally
        {
            ArrayPool<JsonProperty>.Shared.Return(members, clearArray: true);
        }
    }

    private static void WriteMembers(IBufferWriter<byte> output, ReadOnlySpan<JsonProperty> members)
    {
        output.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0) output.Write(","u8);
            var raw = JsonMarshal.GetRawUtf8PropertyName(members[i]);
            if (IsPlain(raw))
            {
                output.Write("\""u8);
                output.Write(raw);
                output.Write("\""u8);
            }
            else Write(output, members[i].Name);
            output.Write(":"u8);
            Write(output, members[i].Value);
        }
        output.Write("}"u8);
    }

    /// <summary>Whether a name reads as it is written, and bytes order it as UTF-16 does.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> raw) => Ascii.IsValid(raw) && !raw.Contains((byte)'\\');

    private static ReadOnlySpan<JsonProperty> InOrder(Span<JsonProperty> members)
    {
        const int few = 32;
        if (members.Length > few) return Sorted(members);
        foreach (var member in members)
            if (!IsPlain(JsonMarshal.GetRawUtf8PropertyName(member))) return Sorted(members);

        // Insertion is stable, so that the last of equal names comes last.
        for (var i = 1; i < members.Length; i++)
        {
            var moved = members[i];
            var at = i;
            for (; at > 0 && Compare(members[at - 1], moved) > 0; at--) members[at] = members[at - 1];
            members[at] = moved;
        }
        var distinct = 0;
        for (var i = 0; i < members.Length; i++)
            if (i + 1 == members.Length || Compare(members[i], members[i + 1]) != 0) members[distinct++] = members[i];
        return members[..distinct];

        static int Compare(JsonProperty a, JsonProperty b) =>
            JsonMarshal.GetRawUtf8PropertyName(a).SequenceCompareTo(JsonMarshal.GetRawUtf8PropertyName(b));
    }

    private static JsonProperty[] Sorted(Span<JsonProperty> members)
    {
        var last = new SortedDictionary<string, JsonProperty>(StringComparer.Ordinal);
        foreach (var member in members) last[member.Name] = member;
        return [.. last.Values];
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
