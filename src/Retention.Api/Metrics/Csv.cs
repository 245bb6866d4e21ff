using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using CsvHelper;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>
/// Rows as CSV: one line a row, one column a member in the JSON's names; an interval is two columns (<c>interval_lo</c>,
/// <c>interval_hi</c>), an object one for each of its members (<c>distribution_0</c>, …), a criterion its value and whether it is met. Null is empty. Texts that a spreadsheet would
/// take for a formula are quoted with an apostrophe.
/// </summary>
public static class Csv
{
    private static readonly CsvWriterOptions Format = new() { Injection = CsvInjection.Escape, TrueValue = "true", FalseValue = "false" };

    /// <param name="completeness">A column more at the end; null for none.</param>
    public static IResult Of<TRow>(IReadOnlyList<TRow> rows, Func<TRow, double?>? completeness = null)
        where TRow : notnull
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = CsvWriter.Create(text, Format, leaveOpen: true))
        {
            var columns = typeof(TRow).GetProperties().Where(member => IsWritten(member, rows)).SelectMany(member => ColumnsOf(member, rows)).ToList();
            if (completeness is not null) columns.Add(("completeness", row => completeness(row)));
            foreach (var (name, _) in columns) csv.WriteField(name);
            csv.EndRecord();
            foreach (var row in rows)
            {
                foreach (var (_, value) in columns) csv.WriteField(Plain(value(row)));
                csv.EndRecord();
            }
        }
        return Results.Text(text.ToString(), "text/csv", System.Text.Encoding.UTF8);
    }

    private static IEnumerable<(string Name, Func<TRow, object?> Value)> ColumnsOf<TRow>(PropertyInfo member, IReadOnlyList<TRow> rows)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(member.Name);
        if (member.PropertyType == typeof(Interval?))
            return [($"{name}_lo", row => ((Interval?)member.GetValue(row))?.Low), ($"{name}_hi", row => ((Interval?)member.GetValue(row))?.High)];
        if (IsCriterion(member.PropertyType))
            return [($"{name}_value", Of<TRow>(member, nameof(Criterion<>.Value))), ($"{name}_met", Of<TRow>(member, nameof(Criterion<>.Met)))];
        if (!typeof(IDictionary).IsAssignableFrom(member.PropertyType)) return [(name, row => member.GetValue(row))];
        var keys = rows.SelectMany(row => (member.GetValue(row) as IDictionary)?.Keys.Cast<string>() ?? []).Distinct().ToList();
        return keys.Select<string, (string, Func<TRow, object?>)>(key => ($"{name}_{key}", row => (member.GetValue(row) as IDictionary)?[key]));
    }

    /// <summary>What JSON leaves out of every row has no column.</summary>
    private static bool IsWritten<TRow>(PropertyInfo member, IReadOnlyList<TRow> rows) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>() is null || typeof(IDictionary).IsAssignableFrom(member.PropertyType) || rows.Any(row => member.GetValue(row) is not null);

    private static bool IsCriterion(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Criterion<>);

    private static Func<TRow, object?> Of<TRow>(PropertyInfo member, string part)
    {
        var property = member.PropertyType.GetProperty(part)!;
        return row => property.GetValue(member.GetValue(row));
    }

    /// <summary>Words and times in the JSON's spelling; numbers stay numbers, which no spreadsheet takes for a formula.</summary>
    private static object? Plain(object? value) => value switch
    {
        DateTimeOffset time => Timestamp.Format(time),
        IReadOnlyList<string> sentences => string.Join("; ", sentences),
        Enum word => JsonNamingPolicy.SnakeCaseLower.ConvertName(word.ToString()),
        _ => value,
    };
}
