using Npgsql;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>The slices of maintained cells that answer a question.</summary>
/// <param name="Dimension">Empty for all customers.</param>
/// <param name="Values">As stored; null for every value.</param>
/// <param name="ByValue">Whether each value is a group of its own; else they are summed.</param>
internal sealed record MaintainedSlices(string Dimension, string[]? Values, bool ByValue)
{
    /// <summary>Null where the question asks for other customers than slices hold.</summary>
    public static MaintainedSlices? Of(Question question)
    {
        var conditions = question.Selection.Conditions;
        var grouped = question.GroupBy;
        if (conditions.Count > 1 || (grouped is not null && !MaintainedCells.Dimensions.Contains(grouped))) return null;
        if (conditions.Count == 0) return new MaintainedSlices(grouped ?? "", null, grouped is not null);
        if (conditions[0] is not Condition.Dimension condition || !MaintainedCells.Dimensions.Contains(condition.Name)) return null;
        if (grouped is not null && grouped != condition.Name) return null;
        return new MaintainedSlices(condition.Name, [.. condition.Values.Select(value => Slice.Of(condition.Name, value).Value).Distinct()], grouped is not null);
    }

    /// <summary>
    /// Reads cells by group. In the query <c>$1</c> is the tenant, <c>$2</c> the dimension and <c>$3</c> the values, see
    /// <see cref="Where"/>; its first column is the value.
    /// </summary>
    public async Task<IReadOnlyList<Group<IReadOnlyDictionary<TKey, TCounts>>>> ReadAsync<TKey, TCounts>(
        Snapshot snapshot, (string Sql, object[] Parameters) query, Func<NpgsqlDataReader, (TKey Key, TCounts Counts)> read, CancellationToken ct)
        where TKey : notnull
        where TCounts : struct, ICounts<TCounts>
    {
        var groups = new SortedDictionary<string, Cells<TKey, TCounts>>(StringComparer.Ordinal);
        if (!ByValue) groups.Add("", new());
        object values = Values is null ? DBNull.Value : Values;
        await foreach (var row in snapshot.RowsAsync(query.Sql, [Dimension, new NpgsqlParameter { Value = values, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Varchar }, .. query.Parameters], ct))
        {
            var value = ByValue ? row.GetString(0) : "";
            if (!groups.TryGetValue(value, out var cells)) groups[value] = cells = new();
            var (key, counts) = read(row);
            cells.Add(key, counts);
        }
        return Groups.WithContributions(
            groups.Select(group => new Group<IReadOnlyDictionary<TKey, TCounts>>(Slice.ValueOf(group.Key), group.Value.ToDictionary())), ByValue);
    }

    /// <summary>The rows of the slices.</summary>
    public const string Where = "tenant_id = $1 and dimension = $2 and ($3::varchar[] is null or value = any($3))";
}

internal static class Groups
{
    /// <summary>Groups in order of their values, none last; those of people who contribute nothing are no groups.</summary>
    public static IReadOnlyList<Group<IReadOnlyDictionary<TKey, TCounts>>> WithContributions<TKey, TCounts>(
        IEnumerable<Group<IReadOnlyDictionary<TKey, TCounts>>> groups, bool grouped)
        where TKey : notnull =>
        [.. groups.Where(group => !grouped || group.Cells.Count > 0).OrderBy(group => group.Value is null).ThenBy(group => group.Value, StringComparer.Ordinal)];
}
