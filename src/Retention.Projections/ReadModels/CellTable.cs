using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>A column of a cell's key: its name, type, and value for a key.</summary>
/// <param name="Values">The column's values for keys, as an array of the column's type; periods become their first days.</param>
internal sealed record KeyColumn<TKey>(string Name, NpgsqlDbType Type, Func<List<(Slice Slice, TKey Key)>, Definition, Array> Values)
{
    public static KeyColumn<TKey> Grain(Func<TKey, Grain> grain) => Text("grain", key => GrainNames.Of(grain(key)));

    public static KeyColumn<TKey> Text(string name, Func<TKey, string> text) =>
        new(name, NpgsqlDbType.Varchar, (keys, _) => keys.ConvertAll(key => text(key.Key)).ToArray());

    public static KeyColumn<TKey> Whole(string name, Func<TKey, int> whole) =>
        new(name, NpgsqlDbType.Integer, (keys, _) => keys.ConvertAll(key => whole(key.Key)).ToArray());

    public static KeyColumn<TKey> Day(string name, Func<TKey, DateOnly> day) =>
        new(name, NpgsqlDbType.Date, (keys, _) => keys.ConvertAll(key => day(key.Key)).ToArray());

    public static KeyColumn<TKey> Period(string name, Func<TKey, (Grain Grain, int Index)> period) => new(name, NpgsqlDbType.Date, (keys, definition) =>
    {
        var partitions = MaintainedCells.Grains.ToDictionary(grain => grain, definition.ByDays);
        return keys.ConvertAll(key => partitions[period(key.Key).Grain].StartOf(period(key.Key).Index)).ToArray();
    });

    /// <summary>The columns of the slice that a cell counts.</summary>
    public static KeyColumn<TKey>[] Slices() =>
    [
        new("dimension", NpgsqlDbType.Varchar, (keys, _) => keys.ConvertAll(key => key.Slice.Dimension).ToArray()),
        new("value", NpgsqlDbType.Varchar, (keys, _) => keys.ConvertAll(key => key.Slice.Value).ToArray()),
    ];
}

/// <summary>A column that counts.</summary>
internal sealed record CountColumn<TCounts>(string Name, Func<TCounts, long> Value);

/// <summary>
/// The stored form of one read model's cells: a table with the tenant, the key and the counts.
/// </summary>
internal sealed class CellTable<TKey, TCounts>(string name, KeyColumn<TKey>[] keys, CountColumn<TCounts>[] counts)
    where TKey : notnull
    where TCounts : struct, ICounts<TCounts>
{
    public string Name => name;

    /// <summary>Whether cells that come to zero are deleted, for a table in which most cells do; else they stay, to be counted in again.</summary>
    public bool KeepsNoZeros { get; init; }

    /// <summary>Adds a difference to the stored cells, in one statement.</summary>
    public NpgsqlBatchCommand Add(Place place, string tenant, Definition definition, SlicedCells<TKey, TCounts> difference)
    {
        var cells = difference.Sums.ToList();
        var cellKeys = cells.ConvertAll(cell => cell.Key);
        var command = new NpgsqlBatchCommand(place.Qualify(Upsert()));
        command.Parameters.Add(new() { Value = tenant });
        foreach (var key in keys) command.Parameters.Add(new() { Value = key.Values(cellKeys, definition), NpgsqlDbType = NpgsqlDbType.Array | key.Type });
        foreach (var count in counts)
            command.Parameters.Add(new() { Value = cells.ConvertAll(cell => count.Value(cell.Value)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        return command;
    }

    /// <summary>Deletes the cells of a tenant that have come to zero, whose keys may name what nobody has any more.</summary>
    public NpgsqlBatchCommand DropZeros(Place place, string tenant) =>
        new(place.Qualify($"delete from {"{schema}"}.{name} where tenant_id = $1 and {string.Join(" and ", counts.Select(count => $"{count.Name} = 0"))}"))
        {
            Parameters = { new() { Value = tenant } },
        };

    /// <summary>Writes cells by binary COPY, as rows of their own, into this table or one like it.</summary>
    /// <param name="target">The table's name with its schema, and the tenant.</param>
    public void Copy(NpgsqlConnection connection, (string Into, string Tenant) target, Definition definition, SlicedCells<TKey, TCounts> cells)
    {
        const int rowsAtOnce = 20_000;
        using var copy = connection.BeginBinaryImport($"copy {target.Into} (tenant_id, {Columns}) from stdin (format binary)");
        foreach (var some in cells.Sums.Chunk(rowsAtOnce))
        {
            var someKeys = some.Select(cell => cell.Key).ToList();
            var values = keys.Select(key => (key.Type, Values: key.Values(someKeys, definition))).ToList();
            for (var row = 0; row < some.Length; row++)
            {
                copy.StartRow();
                copy.Write(target.Tenant, NpgsqlDbType.Varchar);
                foreach (var (type, column) in values) Write(copy, type, column, row);
                foreach (var count in counts) copy.Write(count.Value(some[row].Value), NpgsqlDbType.Bigint);
            }
        }
        copy.Complete();
    }

    /// <summary>The statement that adds up the rows of a table like this one into this table, which is empty.</summary>
    /// <param name="from">The table's name with its schema.</param>
    public string SumInto(string from) => $"""
        insert into {"{schema}"}.{name} (tenant_id, {Columns})
        select tenant_id, {string.Join(", ", keys.Select(key => key.Name))}, {string.Join(", ", counts.Select(count => $"sum({count.Name})::bigint"))}
        from {from} group by tenant_id, {string.Join(", ", keys.Select(key => key.Name))}
        having {string.Join(" or ", counts.Select(count => $"sum({count.Name}) <> 0"))}
        """;

    private string Columns => $"{string.Join(", ", keys.Select(key => key.Name))}, {string.Join(", ", counts.Select(count => count.Name))}";

    private static void Write(NpgsqlBinaryImporter copy, NpgsqlDbType type, Array column, int row)
    {
        switch (column)
        {
            case string[] texts: copy.Write(texts[row], type); break;
            case int[] numbers: copy.Write(numbers[row], type); break;
            case DateOnly[] days: copy.Write(days[row], type); break;
            default: throw new System.Diagnostics.UnreachableException($"{column.GetType()} is no type of a key's column.");
        }
    }

    // No row is touched twice: what comes to zero is deleted, and only the rest is added.
    private string Upsert()
    {
        var keyNames = string.Join(", ", keys.Select(key => key.Name));
        var arrays = string.Join(", ", Enumerable.Range(2, keys.Length + counts.Length).Select(number => $"${number}"));
        var all = $"{keyNames}, {string.Join(", ", counts.Select(count => count.Name))}";
        var dropped = KeepsNoZeros
            ? $"""
               , gone as (
                   delete from {"{schema}"}.{name} cell using difference
                   where cell.tenant_id = $1 and {string.Join(" and ", keys.Select(key => $"cell.{key.Name} = difference.{key.Name}"))}
                     and {string.Join(" and ", counts.Select(count => $"cell.{count.Name} + difference.{count.Name} = 0"))}
                   returning {string.Join(", ", keys.Select(key => $"cell.{key.Name}"))})
               """
            : "";
        return $"""
            with difference as (select * from unnest({arrays}) as d ({all})){dropped}
            insert into {"{schema}"}.{name} as cell (tenant_id, {all})
            select $1, * from difference{(KeepsNoZeros ? $" where ({keyNames}) not in (select * from gone)" : "")}
            on conflict (tenant_id, {keyNames}) do update
            set {string.Join(", ", counts.Select(count => $"{count.Name} = cell.{count.Name} + excluded.{count.Name}"))}
            """;
    }
}

/// <summary>Grains as they are named in the store and in questions.</summary>
public static class GrainNames
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Grain>().Select(Of)];

    /// <summary>The grains of whole days.</summary>
    public static IReadOnlyList<string> OfDays { get; } = [.. All.Skip(1)];

    public static string Of(Grain grain) => grain.ToString().ToLowerInvariant();

    public static Grain? Parse(string name) =>
        All.Contains(name) ? Enum.GetValues<Grain>().Single(grain => Of(grain) == name) : null;
}
