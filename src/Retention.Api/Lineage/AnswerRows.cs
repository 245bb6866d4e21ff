using System.Text.Json;
using Retention.Domain.Metrics;

namespace Retention.Api.Lineage;

/// <summary>A row of an answer: of a period and a group, with every figure of it as a number.</summary>
/// <param name="Period">As the answer spells it.</param>
/// <param name="Figures">By name, with those of an object as <c>object.member</c> and a cohort's column as <c>k1.value</c>; null where not known.</param>
internal sealed record AnswerRow(string Period, string? Group, string? Status, IReadOnlyDictionary<string, decimal?> Figures)
{
    public (string, string?) Key => (Period, Group);
}

/// <summary>The rows of any metric's answer: for curves what each of them amounts to, for cohorts one row for each of them.</summary>
internal static class AnswerRows
{
    private static readonly string[] Lists = ["cohorts", "curves", "rows"];

    private static readonly string[] NoFigures = ["period", "cohort", "from", "to", "status", "group", "cells", "change", "relativeChange"];

    public static IReadOnlyList<AnswerRow> Of(JsonElement answer)
    {
        var list = Lists.First(name => answer.TryGetProperty(name, out _));
        return [.. answer.GetProperty(list).EnumerateArray().Select(Row)];
    }

    /// <summary>Whether a figure is a sum over customers, so that a row that is not there has 0 of it.</summary>
    public static bool IsSum(CatalogueEntry metric, string figure)
    {
        if (metric.Name == Catalogue.Cohorts.Name) return !figure.EndsWith(".rate", StringComparison.Ordinal);
        var name = figure.Split('.')[0];
        return metric.Figures.FirstOrDefault(each => each.Name == name) is { } known && (known.Unit == "count" || (known.Unit == "money" && known.Additive));
    }

    private static AnswerRow Row(JsonElement row)
    {
        var figures = new Dictionary<string, decimal?>();
        foreach (var member in row.EnumerateObject())
        {
            if (!NoFigures.Contains(member.Name)) Add(figures, member.Name, member.Value);
        }
        if (row.TryGetProperty("cells", out var cells))
        {
            foreach (var cell in cells.EnumerateArray())
            {
                foreach (var name in (string[])["value", "rate"]) Add(figures, $"k{cell.GetProperty("k")}.{name}", cell.GetProperty(name));
            }
        }
        var period = row.TryGetProperty("cohort", out var cohort) ? cohort : row.GetProperty("period");
        return new(period.ToString(), TextOf(row, "group"), TextOf(row, "status"), figures);
    }

    private static void Add(Dictionary<string, decimal?> figures, string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null) figures[name] = null;
        else if (value.ValueKind == JsonValueKind.Number) figures[name] = value.TryGetDecimal(out var exact) ? exact : (decimal)value.GetDouble();
        else if (value.ValueKind == JsonValueKind.Object)
            foreach (var member in value.EnumerateObject()) Add(figures, $"{name}.{member.Name}", member.Value);
    }

    private static string? TextOf(JsonElement row, string name) => row.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
