using Npgsql;

namespace Retention.Api.Tests;

/// <summary>What the shared service's schema is made of, as the database says.</summary>
internal static class Columns
{
    public static async Task<List<(string Table, string Name, string Type)>> OfAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            "select table_name, column_name, udt_name from information_schema.columns where table_schema = 'retention' order by 1, 2");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var columns = new List<(string, string, string)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return columns;
    }
}
