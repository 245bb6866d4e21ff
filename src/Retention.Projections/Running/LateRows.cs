using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>A row has become visible at or below the safe position: a writer draws its numbers outside of the transaction that inserts.</summary>
public sealed class LateRowException(long from, long to) : Exception(
    $"An event has appeared between the positions {from} and {to}, which were complete. A writer draws positions in another transaction than it "
    + "inserts in (Marten's Rich append mode does): figures would miss its events. Stop it, and rebuild.");

/// <summary>Counts the rows just below the mark again, now and then: their number can fall, when a tenant is deleted, and never rise.</summary>
internal sealed class LateRows(Place place, TimeProvider time)
{
    private const int Reach = 10_000;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private (long From, long To, long Rows, long CountedAt)? last;

    /// <param name="mark">The safe position.</param>
    /// <exception cref="LateRowException">There are more rows than before.</exception>
    public async Task CheckAsync(long mark, CancellationToken ct)
    {
        if (last is { } counted)
        {
            if (time.GetElapsedTime(counted.CountedAt) < Between) return;
            if (await CountAsync(counted.From, counted.To, ct) > counted.Rows) throw new LateRowException(counted.From, counted.To);
        }
        var from = Math.Max(0, mark - Reach);
        last = (from, mark, await CountAsync(from, mark, ct), time.GetTimestamp());
    }

    private async Task<long> CountAsync(long from, long to, CancellationToken ct)
    {
        await using var command = place.Command("select count(*) from {schema}.mt_events where seq_id > $1 and seq_id <= $2");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
