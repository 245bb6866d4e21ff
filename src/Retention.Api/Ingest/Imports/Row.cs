using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// One row of a CSV file, read into typed values by column. What is not as it should be is remembered as the row's <see cref="Fault"/>, the
/// first one found, and reads as a default.
/// </summary>
/// <param name="line">Where the row begins in the file; the header is line 1.</param>
/// <param name="ordinal">Its number among the rows, from 1; refused rows count, blank lines do not.</param>
public sealed class Row(long line, long ordinal, string[] fields, IReadOnlyList<string> columns, int[] places)
{
    /// <summary>Longest text taken for an id, a code or a name, in UTF-16 units: what the store takes.</summary>
    public const int MaxText = Domain.Events.Fields.MaxName;

    private const decimal Billion = 1_000_000_000;

    private static readonly LocalDateTimePattern[] Times =
    [
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss"),
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm"),
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss"),
    ];

    private static readonly OffsetDateTimePattern[] Instants =
    [
        OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss o<+HHmm>"),
        OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss o<Z+HH:mm>"),
        OffsetDateTimePattern.ExtendedIso,
    ];

    public long Line => line;

    public long Ordinal => ordinal;

    /// <summary>A code and a sentence, or null while all that was read is right.</summary>
    public (string Code, string Message)? Fault { get; private set; }

    /// <summary>The field literally, or "" where nothing but blanks is given.</summary>
    public string Text(int column) => Text(column, MaxText);

    /// <summary>What somebody wrote in their own words, or "" for none.</summary>
    public string FreeText(int column) => Text(column, Domain.Events.Fields.MaxFreeText);

    private string Text(int column, int most)
    {
        var text = Field(column);
        if (text.Length > most) Blame(column, "too_long", $"may have at most {most} characters");
        else if (text.AsSpan().IndexOfAny('\0', '\uFFFD') >= 0) Blame(column, "not_text", "is not UTF-8 text, or contains a zero byte");
        return string.IsNullOrWhiteSpace(text) ? "" : text;
    }

    public string RequiredText(int column)
    {
        var text = Text(column);
        if (text.Length == 0) Blame(column, "missing_value", "is required");
        return text;
    }

    /// <summary>A decimal number: an optional sign, digits, an optional point and at most 6 decimals, of magnitude below a billion.</summary>
    public decimal Number(int column)
    {
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint
            | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;
        if (decimal.TryParse(Field(column), Plain, CultureInfo.InvariantCulture, out var value)
            && Math.Abs(value) < Billion && decimal.Round(value, 6) == value)
            return value;
        Blame(column, "not_a_number", "must be a decimal number below a billion, with a point and at most 6 decimals");
        return 0;
    }

    /// <summary>A local time <c>2010-12-01 08:26:00</c>; a T between, and no seconds, are taken too.</summary>
    public LocalDateTime Time(int column)
    {
        foreach (var pattern in Times)
            if (pattern.Parse(Field(column).Trim()).TryGetValue(default, out var time)) return time;
        Blame(column, "not_a_time", "must be a time such as 2010-12-01 08:26:00");
        return default;
    }

    /// <summary>A time with its offset: <c>2024-01-15 10:11:12 +0200</c>, <c>2024-01-15 10:11:12 UTC</c>, or as RFC 3339 has it.</summary>
    public DateTimeOffset Instant(int column)
    {
        var text = Field(column).Trim().Replace(" UTC", " +0000", StringComparison.Ordinal);
        foreach (var pattern in Instants)
            if (pattern.Parse(text).TryGetValue(default, out var time)) return time.ToDateTimeOffset();
        Blame(column, "not_a_time", "must be a time with an offset such as 2024-01-15 10:11:12 +0200");
        return default;
    }

    /// <summary>A date <c>1997-01-31</c>.</summary>
    public LocalDate Date(int column)
    {
        if (LocalDatePattern.Iso.Parse(Field(column).Trim()).TryGetValue(default, out var date)) return date;
        Blame(column, "not_a_date", "must be a date such as 1997-01-31");
        return default;
    }

    /// <summary>Holds the value of a column to a rule of the mapping.</summary>
    public void Require(bool kept, int column, string code, string rule)
    {
        if (!kept) Blame(column, code, rule);
    }

    private void Blame(int column, string code, string rule) => Fault ??= (code, $"{columns[column]} {rule}; it is '{Shown(column)}'.");

    private string Shown(int column) => Field(column) is { Length: > 40 } text ? text[..40] + "…" : Field(column);

    private string Field(int column) => places[column] < 0 ? "" : fields[places[column]];
}
