using System.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Reads RFC 4180 text, lines ending in LF, CR or CRLF, so that no fault reaches beyond its own line. A quoted field may span
/// <see cref="MaxLines"/> lines; a quote that is still open then refuses its line alone, and reading goes on at the next (the usual parsers
/// read on to the next quote or the end of the file), as it does after a line longer than <see cref="TextLines.Longest"/>. A quote within an unquoted field, and text after a closing quote, stand for
/// themselves. Blank lines are counted and skipped.
/// </summary>
public static class CsvFile
{
    /// <summary>The most lines that one record may span.</summary>
    public const int MaxLines = 20;

    /// <summary>Most characters of a wrong first line that are shown.</summary>
    private const int MostShown = 1_000;

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
        if (records.Current.Fields is not { } names) throw new ImportRefusedException(records.Current.Fault.Code, $"The first line cannot be read. {records.Current.Fault.Message}");
        var header = names.Select(name => name.Trim('\uFEFF', ' ')).ToArray();
        var places = columns.Select(column => PlaceOf(column, header, columns)).Concat((optional ?? []).Select(column => Array.IndexOf(header, column))).ToArray();
        columns = [.. columns, .. optional ?? []];
        report.Ignore([.. header.Except(columns)]);

        for (var number = 1L; records.MoveNext(); number++)
        {
            var (line, fields, fault) = records.Current;
            report.ReadLine();
            if (fields is null)
                report.Refuse(line, fault.Code, fault.Message);
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
                "wrong_header", $"The first line must name each of the columns {Names(columns)} once; it is: {Shown(string.Join(',', header))}.");

    private static string Shown(string header) => header.Length > MostShown ? $"{header[..MostShown]}…" : header;

    private static string Names(IReadOnlyList<string> columns) => string.Join(", ", columns);

    /// <returns>The fields of each record; null, with the code and the rule, where there are none to be had.</returns>
    private static IEnumerable<(long Line, string[]? Fields, (string Code, string Message) Fault)> Records(TextReader text, ImportReport report, char delimiter)
    {
        var (lines, ahead) = (new TextLines(text), new List<(string Text, bool TooLong)>());
        for (var line = 1L; TryPeek(lines, ahead, 0); line++)
        {
            if (ahead[0] is { Text: "", TooLong: false })
            {
                report.SkipBlankLine();
                ahead.RemoveAt(0);
                continue;
            }
            var fields = ahead[0].TooLong ? null : Join(lines, ahead, delimiter);
            var fault = fields is not null ? default
                : ahead[0].TooLong ? ("line_too_long", $"The line has more than {TextLines.Longest} characters.")
                : ("unclosed_quote", $"A quoted field opens here and does not close within {MaxLines} lines of {TextLines.Longest} characters in all.");
            yield return (line, fields?.Fields, fault);
            ahead.RemoveRange(0, fields?.Lines ?? 1);
            line += (fields?.Lines ?? 1) - 1;
        }
    }

    /// <summary>The fields of the record that begins at the first line ahead, and the lines that it spans; null when its quote stays open.</summary>
    private static (string[] Fields, int Lines)? Join(TextLines lines, List<(string Text, bool TooLong)> ahead, char delimiter)
    {
        if (!ahead[0].Text.Contains('"', StringComparison.Ordinal)) return (ahead[0].Text.Split(delimiter), 1);
        var (record, length) = (new Record(delimiter), 0);
        for (var count = 1; count <= MaxLines && TryPeek(lines, ahead, count - 1) && !ahead[count - 1].TooLong; count++)
        {
            if ((length += ahead[count - 1].Text.Length) > TextLines.Longest) break;
            if (record.Add(ahead[count - 1].Text)) return (record.Fields, count);
        }
        return null;
    }

    private static bool TryPeek(TextLines lines, List<(string Text, bool TooLong)> ahead, int index)
    {
        if (index == ahead.Count && lines.Read(out var tooLong) is { } next) ahead.Add((next, tooLong));
        return index < ahead.Count;
    }

    /// <summary>A record as its lines are read one after the other.</summary>
    private sealed class Record(char delimiter)
    {
        private readonly List<string> fields = [];
        private readonly StringBuilder field = new();
        private bool quoted;
        private bool start = true;

        /// <summary>All of them once the last line was added.</summary>
        public string[] Fields => [.. fields];

        /// <returns>Whether the record ends with this line.</returns>
        public bool Add(string line)
        {
            if (quoted) field.Append('\n');
            for (var i = 0; i < line.Length; i++)
            {
                var c = line[i];
                if (c == '"' && start && !quoted) (quoted, start) = (true, false);
                else if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') field.Append(line[++i]);
                else if (c == '"' && quoted) quoted = false;
                else if (c == delimiter && !quoted) End();
                else
                {
                    field.Append(c);
                    start = false;
                }
            }
            if (quoted) return false;
            End();
            return true;
        }

        private void End()
        {
            fields.Add(field.ToString());
            field.Clear();
            start = true;
        }
    }
}
