using System.Globalization;
using System.Text.Json;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>Reads the members of a row.</summary>
internal static class Figures
{
    public static long Count(this JsonElement row, string name) => row.GetProperty(name).GetInt64();

    public static decimal Money(this JsonElement row, string name) => row.GetProperty(name).GetDecimal();

    /// <summary>Null for null.</summary>
    public static double? Rate(this JsonElement row, string name) =>
        row.GetProperty(name) is { ValueKind: not JsonValueKind.Null } rate ? rate.GetDouble() : null;

    public static string Word(this JsonElement row, string name) => row.GetProperty(name).GetString()!;

    public static DateOnly Day(this JsonElement row, string name) => Day(row.Word(name));

    public static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Fails unless the member is the quotient to twelve significant digits, or null where that is.</summary>
    public static void ShouldHaveNear(this JsonElement row, string name, decimal? expected)
    {
        var actual = row.Rate(name);
        actual.HasValue.ShouldBe(expected.HasValue, $"{name} of {row}");
        if (expected is not { } value) return;
        var error = Math.Abs(actual!.Value - (double)value);
        error.ShouldBeLessThanOrEqualTo(Math.Abs((double)value) * 1e-12, $"{name} of {row} is not {value}");
    }
}
