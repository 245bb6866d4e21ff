using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Replays;

/// <summary>Tables like those of cells, where the cells of parts wait until all are there. They are added up at the end.</summary>
internal sealed class CellStage(Place copy)
{
    public async Task CreateAsync(CancellationToken ct)
    {
        foreach (var table in MaintainedCells.Tables)
        {
            await using var command = copy.Command($"create unlogged table {NameOf(table)} (like {"{schema}"}.{table})");
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    public void Write(NpgsqlConnection connection, string tenant, MaintainedCells cells) => cells.Copy(connection, NameOf, tenant);

    /// <summary>Adds everything up into the tables of cells, which are empty, and removes these.</summary>
    public async Task SumAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        foreach (var sql in MaintainedCells.SumInto(NameOf).Select(copy.Qualify).Concat(MaintainedCells.Tables.Select(table => $"drop table {NameOf(table)}")))
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private string NameOf(string table) => $"{copy.Schema}.{table}_parts";
}
