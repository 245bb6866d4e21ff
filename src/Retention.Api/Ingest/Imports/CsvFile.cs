using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Reads RFC 4180 text, lines ending in LF, CR or CRLF, so that no fault reaches beyond its own line. A quoted field may span
/// <see cref="MaxLines"/> lines; a quote that is still open then refuses its line alone, and reading goes on at the next (the usual parsers
/// read on to the next quote or the end of the file). A quote within an unquoted field, and text after a closing quote, stand for
/// themselves. Blank lines are counted and skipped.
/// </summary>
public static class CsvFile
{
    /// <summary>The most lines that one record may span.</summary>
    public const int MaxLines = 20;

    /// <summary>
    /// The rows below the header, whose columns are found by name, in any order. Rows of another number of fields than the header has are
    /// refused as <c>malformed</c>.
    /// </summary>
    /// <param name="columns">The columns that the mapping reads; <see cref="Row"/> counts them from 0 in this order.</param>
    /// <param name="delimiter">What stands between fields.</param>
    /// <param name="optional">Columns that the mapping reads where the header has them, counted on; without one its fields are empty.</param>
    /// <exception cref="ImportRefusedException">The text is empty, or its first line lacks or repeats a column.</exception>
    public static IEnumerable<Row> Read(TextReader text, IReadOnlyList<string> columns, ImportReport report, IReadOnlyList<string>? optional = null, char delimiter = ',')
    {
        using var records = Records(text, report, delimiter).GetEnumerator();
        if (!records.MoveNext())
            throw new ImportRefusedException("empty_file", $"The file is empty. Expected a first line with the columns {Names(columns)}.");
        var header = records.Current.Fields.Select(name => name.Trim('\uFEFF', ' ')).ToArray();
        var places = columns.Select(column => PlaceOf(column, header, columns)).Concat((optional ?? []).Select(column => Array.IndexOf(header, column))).ToArray();
        columns = [.. columns, .. optional ?? []];
        report.Ignore([.. header.Except(columns)]);

        for (var number = 1L; records.MoveNext(); number++)
        {
            var (line, fields) = records.Current;
            report.ReadLine();
            if (fields is null)
                report.Refuse(line, "unclosed_quote", $"A quoted field opens here and does not close within {MaxLines} lines.");
            else if (fields.Length != header.Length)
                report.Refuse(line, "malformed", $"The line has {fields.Length} fields; the header has {header.Length}.");
            else
                yield return new Row(line, number, fields, columns, places);
        }
    }

    private static int PlaceOf(string column, string[] header, IReadOnlyList<string> columns) =>
        header.Count(name => name == column) == 1
            ? Array.IndexOf(header, column)
            : throw new ImportRefusedException(
                "wrong_header", $"The first line must name each of the columns {Names(columns)} once; it is: {string.Join(',', header)}.");

    private static string Names(IReadOnlyList<string> columns) => string.Join(", ", columns);

    private static IEnumerable<(long Line, string[] Fields)> Records(TextReader text, ImportReport report, char delimiter)
    {
        var ahead = new List<string>();
        for (var line = 1L; TryPeek(text, ahead, 0, out var first); line++)
        {
            if (first.Length == 0)
            {
                report.SkipBlankLine();
                ahead.RemoveAt(0);
                continue;
            }
            var fields = Join(text, ahead, delimiter, out var lines);
            yield return (line, fields!);
            ahead.RemoveRange(0, lines);
            line += lines - 1;
        }
    }

    /// <summary>The fields of the record that begins at the first line ahead; null when its quote stays open.</summary>
    private static string[]? Join(TextReader text, List<string> ahead, char delimiter, out int lines)
    {
        lines = 1;
        if (!ahead[0].Contains('"', StringComparison.Ordinal)) return ahead[0].Split(delimiter);
        var record = ahead[0];
        var fields = Split(record, delimiter);
        for (; fields is null && lines < MaxLines && TryPeek(text, ahead, lines, out var next); lines++)
        {
            record += "\n" + next;
            fields = Split(record, delimiter);
        }
        if (fields is null) lines = 1;
        return fields;
    }

    private static bool TryPeek(TextReader text, List<string> ahead, int index, [NotNullWhen(true)] out string? line)
    {
        if (index == ahead.Count && text.ReadLine() is { } next) ahead.Add(next);
        line = index < ahead.Count ? ahead[index] : null;
        return line is not null;
    }

    /// <summary>The fields of a record, or null when a quoted field is still open at its end.</summary>
    private static string[]? Split(string record, char delimiter)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (quoted, start) = (false, true);
        for (var i = 0; i < record.Length; i++)
        {
            var c = record[i];
            if (c == '"' && start && !quoted) (quoted, start) = (true, false);
            else if (c == '"' && quoted && i + 1 < record.Length && record[i + 1] == '"') field.Append(record[++i]);
            else if (c == '"' && quoted) quoted = false;
            else if (c == delimiter && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
                start = true;
            }
            else
            {
                field.Append(c);
                start = false;
            }
        }
        fields.Add(field.ToString());
        return quoted ? null : [.. fields];
    }
}
