using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retention.Api.Metrics;

/// <summary>
/// A row that can be compared with the period before, of equal length: by figure, where that is asked for. A difference is null where
/// either figure is unknown.
/// </summary>
public abstract record ComparedRow
{
    /// <summary>Now − before, in the figure's unit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, decimal?>? Change { get; private set; }

    /// <summary>(Now − before) / |before| as a fraction; null where before is 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, double?>? RelativeChange { get; private set; }

    /// <summary>Each row but the first, compared with the one before.</summary>
    /// <param name="rows">Of consecutive periods of one group.</param>
    internal static IEnumerable<TRow> Compare<TRow>(IEnumerable<TRow> rows)
        where TRow : ComparedRow
    {
        TRow? before = null;
        foreach (var row in rows)
        {
            if (before is not null)
            {
                row.CompareWith(before);
                yield return row;
            }
            before = row;
        }
    }

    private void CompareWith(ComparedRow before)
    {
        (Change, RelativeChange) = ([], []);
        foreach (var figure in GetType().GetProperties().Where(IsFigure))
        {
            var (name, from, to) = (JsonNamingPolicy.CamelCase.ConvertName(figure.Name), Number(figure.GetValue(before)), Number(figure.GetValue(this)));
            Change[name] = to - from;
            RelativeChange[name] = from is null or 0 ? null : (double?)((to - from) / Math.Abs(from.Value));
        }
    }

    private static bool IsFigure(PropertyInfo member) =>
        member.PropertyType == typeof(long?) || member.PropertyType == typeof(decimal?) || member.PropertyType == typeof(double?);

    private static decimal? Number(object? value) => value switch
    {
        long count => count,
        decimal amount => amount,
        double share => (decimal)share,
        _ => null,
    };
}
