using System.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>Cuts a text into lines, ending in LF, CR or CRLF, in bounded memory, however long they are.</summary>
internal sealed class TextLines(TextReader text)
{
    /// <summary>Longest line, in UTF-16 units.</summary>
    public const int Longest = 1 << 20;

    private readonly char[] buffer = new char[16 * 1024];
    private readonly StringBuilder begun = new();
    private int start;
    private int end;
    private bool afterReturn;

    /// <summary>The next line without its end.</summary>
    /// <param name="tooLong">The line is longer than <see cref="Longest"/> and was passed over; what is returned is empty.</param>
    /// <returns>Null at the end of the text.</returns>
    public string? Read(out bool tooLong)
    {
        tooLong = false;
        while (Fill())
        {
            var ahead = buffer.AsSpan(start, end - start);
            var length = ahead.IndexOfAny('\n', '\r');
            var part = length < 0 ? ahead : ahead[..length];
            tooLong |= begun.Length + part.Length > Longest;
            start += part.Length + (length < 0 ? 0 : 1);
            if (length >= 0)
            {
                afterReturn = ahead[length] == '\r';
                return tooLong ? Passed() : begun.Length == 0 ? part.ToString() : Whole(part);
            }
            if (!tooLong) begun.Append(part);
        }
        return tooLong ? Passed() : begun.Length > 0 ? Whole([]) : null;
    }

    /// <summary>Whether there is more.</summary>
    private bool Fill()
    {
        if (start == end) (start, end) = (0, text.Read(buffer, 0, buffer.Length));
        if (afterReturn && start < end)
        {
            // Of CRLF the second half.
            afterReturn = false;
            if (buffer[start] == '\n') start++;
            if (start == end) return Fill();
        }
        return start < end;
    }

    private string Whole(ReadOnlySpan<char> rest)
    {
        var line = begun.Append(rest).ToString();
        begun.Clear();
        return line;
    }

    private string Passed()
    {
        begun.Clear();
        return "";
    }
}
