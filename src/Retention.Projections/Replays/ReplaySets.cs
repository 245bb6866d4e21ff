using System.Collections.Concurrent;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>
/// The sets of tables that replays are made in, each in a schema of its own, called by the replay's number. Whoever makes one holds its
/// lock, so that what nobody holds and nobody knows can be removed.
/// </summary>
/// <param name="live">As whoever makes or removes them writes it.</param>
/// <param name="asked">As whoever asks reads it; null where nobody does.</param>
internal sealed class ReplaySets(Place live, Place? asked = null)
{
    /// <summary>A replay is held in memory for folds like live histories, with less room.</summary>
    private const long HistoryMemory = Place.DefaultHistoryMemory / 4;

    private readonly ConcurrentDictionary<long, Place> places = new();

    private string Prefix => $"{live.Schema}_replay_";

    /// <summary>Where a replay that is ready is asked.</summary>
    public Place PlaceOf(Replay replay) => places.GetOrAdd(replay.Number, number =>
    {
        var read = asked ?? live;
        return new Place(read.Sessions, $"{Prefix}{number}", HistoryMemory)
        {
            HasTenantRole = read.HasTenantRole,
            Live = read,
            SettingsOf = settings => Replays.With(settings, replay.Asked.Settings),
        };
    });

    public ModelTables TablesOf(long number) => new(live, new Place(live.DataSource, $"{Prefix}{number}", HistoryMemory));

    /// <summary>Removes the tables of a replay, unless somebody is making them, who then does so.</summary>
    public async Task RemoveAsync(long number, CancellationToken ct)
    {
        places.TryRemove(number, out _);
        await using var held = await HoldAsync(number, ct);
        if (held is not null) await TablesOf(number).DropAsync(ct);
    }

    /// <summary>Removes the sets that nobody makes, but for some.</summary>
    public async Task RemoveOthersAsync(IReadOnlyCollection<long> kept, CancellationToken ct)
    {
        foreach (var number in await NumbersAsync(ct))
            if (!kept.Contains(number)) await RemoveAsync(number, ct);
    }

    /// <summary>The lock of whoever makes a replay, kept by a connection; null where somebody else has it.</summary>
    public async Task<HeldReplay?> HoldAsync(long number, CancellationToken ct)
    {
        var connection = await live.DataSource.OpenConnectionAsync(ct);
        var name = $"{live.Schema}.replays {number}";
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.AddWithValue(name);
        if ((bool)(await command.ExecuteScalarAsync(ct))!) return new HeldReplay(connection, name);
        await connection.DisposeAsync();
        return null;
    }

    private async Task<List<long>> NumbersAsync(CancellationToken ct)
    {
        await using var command = live.Command("select nspname::text from pg_namespace where starts_with(nspname, $1)");
        command.Parameters.AddWithValue(Prefix);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var numbers = new List<long>();
        while (await reader.ReadAsync(ct))
            if (long.TryParse(reader.GetString(0).AsSpan(Prefix.Length), out var number)) numbers.Add(number);
        return numbers;
    }
}

/// <summary>The lock of whoever makes a replay.</summary>
internal sealed class HeldReplay(NpgsqlConnection connection, string name) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await using (connection)
        {
            if (connection.State != System.Data.ConnectionState.Open) return;
            try
            {
                await using var release = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", connection);
                release.Parameters.AddWithValue(name);
                await release.ExecuteNonQueryAsync();
            }
            catch (NpgsqlException) when (connection.State != System.Data.ConnectionState.Open)
            {
                // A session that has ended holds nothing.
            }
        }
    }
}
