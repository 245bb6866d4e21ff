using System.Text.Json;
using Retention.Domain.Metrics;

namespace Retention.Api.Lineage;

/// <summary>A row of an answer: of a period and a group, with every figure of it as a number.</summary>
/// <param name="Period">As the answer spells it.</param>
/// <param name="Part">What tells the rows of one period and group apart: an outcome or a reason; null where nothing does.</param>
/// <param name="Figures">By name, with those of an object as <c>object.member</c> and a cohort's column as <c>k1.value</c>; null where not known.</param>
internal sealed record AnswerRow(string Period, string? Group, string? Part, string? Status, IReadOnlyDictionary<string, decimal?> Figures)
{
    public (string Period, string? Group, string? Part) Key => (Period, Group, Part);
}

/// <summary>The rows of any metric's answer: for curves what each of them amounts to, for cohorts one row for each of them.</summary>
internal static class AnswerRows
{
    private static readonly string[] Lists = ["cohorts", "curves", "rows"];

    private static readonly string[] NoFigures = ["period", "cohort", "from", "to", "status", "group", "cells", "change", "relativeChange", "outcome", "reason", "completeness"];

    /// <summary>What is matched depends on everybody else, and so is no sum over customers.</summary>
    private static readonly string[] Matched = ["controls", "unmatched"];

    public static IReadOnlyList<AnswerRow> Of(JsonElement answer)
    {
        var list = Lists.First(name => answer.TryGetProperty(name, out _));
        return [.. answer.GetProperty(list).EnumerateArray().Select(Row)];
    }

    /// <summary>How many rows of a list a customer has; beside them, its figures that are sums.</summary>
    public const string Listed = "listed";

    /// <summary>The customers of a list, each a group with its figures.</summary>
    public static IReadOnlyList<AnswerRow> OfList(CatalogueEntry metric, JsonElement answer) =>
    [
        .. answer.GetProperty("rows").EnumerateArray().GroupBy(row => row.GetProperty("customer").GetString()!, StringComparer.Ordinal).Select(own =>
        {
            var figures = new Dictionary<string, decimal?> { [Listed] = own.Count() };
            foreach (var member in own.SelectMany(row => row.EnumerateObject()).Where(member => member.Value.ValueKind == JsonValueKind.Number && IsSum(metric, member.Name)))
                figures[member.Name] = figures.GetValueOrDefault(member.Name, 0) + (member.Value.TryGetDecimal(out var exact) ? exact : (decimal)member.Value.GetDouble());
            return new AnswerRow("", own.Key, null, null, figures);
        }),
    ];

    /// <summary>Whether a figure is a sum over customers, so that a row that is not there has 0 of it.</summary>
    public static bool IsSum(CatalogueEntry metric, string figure)
    {
        if (metric.Name == Catalogue.Cohorts.Name) return !figure.EndsWith(".rate", StringComparison.Ordinal);
        if (figure == Listed) return metric.Grains.Count == 0;
        var name = figure.Split('.')[0];
        if (Matched.Contains(name)) return false;
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
        return new(period.ToString(), TextOf(row, "group"), TextOf(row, "outcome") ?? TextOf(row, "reason"), TextOf(row, "status"), figures);
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
