using System.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>A text with columns in it: <c>{Order}-{Line}</c>. <c>{#}</c> is the row's number, from 1; <c>{{</c> and <c>}}</c> are braces.</summary>
internal sealed class Template
{
    private const int RowNumber = -1;

    private readonly List<(string Literal, int? Column)> parts = [];

    private Template()
    {
    }

    /// <summary>The first column in it, by which faults are named; null for a constant.</summary>
    public int? Column => parts.Find(part => part.Column >= 0).Column;

    public bool IsConstant => parts.TrueForAll(part => part.Column is null);

    /// <param name="columns">Receives the columns that are new; a template speaks of them by their places in it.</param>
    /// <returns>Null where a brace is left open, or one closes that none has opened.</returns>
    public static Template? Parse(string text, List<string> columns)
    {
        var (template, literal) = (new Template(), new StringBuilder());
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i]) literal.Append(text[i++]);
            else if (text[i] == '}') return null;
            else if (text[i] != '{') literal.Append(text[i]);
            else
            {
                var end = text.IndexOf('}', i);
                if (end <= i + 1) return null;
                template.Add(literal.ToString(), text[(i + 1)..end], columns);
                literal.Clear();
                i = end;
            }
        }
        template.parts.Add((literal.ToString(), null));
        return template;
    }

    /// <summary>The text for a row, without blanks around it; "" where every column in it is empty.</summary>
    public string Fill(Row row)
    {
        var (text, filled) = (new StringBuilder(), IsConstant);
        foreach (var (literal, column) in parts)
        {
            text.Append(literal);
            if (column is not { } place) continue;
            var value = place == RowNumber ? $"{row.Ordinal}" : row.FreeText(place);
            filled |= value.Length > 0;
            text.Append(value);
        }
        return filled ? text.ToString().Trim() : "";
    }

    private void Add(string literal, string name, List<string> columns)
    {
        if (name != "#" && !columns.Contains(name)) columns.Add(name);
        parts.Add((literal, name == "#" ? RowNumber : columns.IndexOf(name)));
    }
}
