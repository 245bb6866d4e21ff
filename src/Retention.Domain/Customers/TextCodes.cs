using System.Text;

namespace Retention.Domain.Customers;

/// <summary>Numbers texts that repeat, so that each is one object; 0 stands for none.</summary>
internal sealed class TextCodes
{
    /// <summary>Longer texts, in UTF-8, are found as objects.</summary>
    private const int Ordinary = 128;

    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly List<string?> texts = [null];

    public string? this[int code] => texts[code];

    public int CodeOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        if (codes.TryGetValue(text, out var code)) return code;
        texts.Add(text);
        return codes[text] = texts.Count - 1;
    }

    public int CodeOf(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return 0;
        if (utf8.Length > Ordinary) return CodeOf(Encoding.UTF8.GetString(utf8));
        Span<char> text = stackalloc char[Ordinary];
        text = text[..Encoding.UTF8.GetChars(utf8, text)];
        return codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var code) ? code : CodeOf(text.ToString());
    }
}
