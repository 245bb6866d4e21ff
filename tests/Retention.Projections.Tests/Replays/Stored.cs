using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;

namespace Retention.Projections.Tests;

/// <summary>Everything that a place's tables say.</summary>
internal sealed class Stored(Place place) : IAsyncDisposable
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What is made anew from the log of a place.</summary>
    public static async Task<Stored> BuiltAsync(Place live, ReplayPlan plan)
    {
        var copy = new Place(live.DataSource, "retention_trial");
        await new ModelBuild(live, new ModelTables(live, copy), plan, new ReplayProgress()).RunAsync(long.MaxValue, Stop);
        return new Stored(copy);
    }

    public async ValueTask DisposeAsync() => await place.RunAsync("drop schema {schema} cascade");

    public Task<List<string>> ProgressAsync() =>
        RowsAsync("select concat_ws('|', tenant_id, position, paused_at, paused_event) from {schema}.projection_progress order by 1");

    /// <param name="tenant">The one tenant whose rows they are; null for all.</param>
    public async Task<List<string>> LinesAsync(string? tenant = null)
    {
        var own = tenant is null ? "true" : $"tenant_id = '{tenant}'";
        var lines = await RowsAsync($"""
            select concat_ws('|', tenant_id, position, recorded_at, latest_fact, settings, maintained_by, stale) from {"{schema}"}.reflections where {own} order by 1
            """);
        lines.AddRange(await RowsAsync($"select (l.*)::text from {"{schema}"}.customer_links l where {own} order by 1"));
        lines.AddRange(await RowsAsync($"select (r.*)::text from {"{schema}"}.retractions r where {own} order by 1"));
        foreach (var table in MaintainedCells.Tables) lines.AddRange(await CellsAsync(table, own));
        lines.AddRange(await HistoriesAsync(own));
        return lines;
    }

    /// <summary>Cells that have come to zero may stay where batches have made them.</summary>
    private async Task<List<string>> CellsAsync(string table, string own)
    {
        var counts = await RowsAsync($"""
            select attname::text from pg_attribute where attrelid = '{"{schema}"}.{table}'::regclass and attnum > 0 and atttypid = 'bigint'::regtype
            """);
        return await RowsAsync($"""
            select '{table} ' || (c.*)::text from {"{schema}"}.{table} c where {own} and ({string.Join(" or ", counts.Select(count => $"{count} <> 0"))}) order by 1
            """);
    }

    private async Task<List<string>> HistoriesAsync(string own)
    {
        var lines = new List<string>();
        var tenants = await RowsAsync($"select tenant_id from {"{schema}"}.reflections where {own} order by 1");
        await using var connection = await place.DataSource.OpenConnectionAsync(Stop);
        foreach (var tenant in tenants)
        {
            var customers = await RowsAsync($"select distinct customer_id from {"{schema}"}.customer_history where tenant_id = '{tenant}'");
            var histories = await CustomerHistories.OfAsync(connection, place, (tenant, [.. customers]), Stop);
            foreach (var (customer, history) in histories.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                lines.AddRange(history.Entries.OrderBy(entry => entry, Entry.InOrder).ThenBy(entry => entry.KnownFrom).Select(entry => $"{tenant} {customer} {Text(entry)}"));
        }
        return lines;
    }

    private static string Text(Entry entry)
    {
        var bytes = ChunkFormat.Write([entry]);
        return $"{entry.KnownFrom} {entry.KnownUntil} {entry.Source} {entry.Id} {Convert.ToHexString(bytes.Core)} {Convert.ToHexString(bytes.Details)}";
    }

    private async Task<List<string>> RowsAsync(string sql)
    {
        await using var command = place.Command(sql);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var rows = new List<string>();
        while (await reader.ReadAsync(Stop)) rows.Add(reader.GetString(0));
        return rows;
    }
}
