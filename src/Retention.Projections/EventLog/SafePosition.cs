using Npgsql;

namespace Retention.Projections.EventLog;

/// <summary>A transaction that has drawn numbers and is still open: the safe position waits for it.</summary>
/// <param name="Pid">Its server process; null for a prepared transaction, which has none.</param>
/// <param name="Age">How long it is open, by the server's clock; null where the database role may not see it.</param>
/// <param name="Application">Its application name, or the name of a prepared transaction.</param>
public sealed record Holder(int? Pid, TimeSpan? Age, string? Application);

/// <summary>
/// The position up to which the log is complete for ever. Numbers are drawn before commit, so a higher one can become visible first. But
/// a transaction that draws holds a lock on the sequence, taken before the number and kept to its end, whoever the writer is: once none
/// of those who hold it after number S was read is left, every number up to S is either visible or will never be used. No clock and no
/// threshold is involved. It has one user at a time.
/// </summary>
/// <param name="follower">Is told what this one finds.</param>
public sealed class SafePosition(Place place, SafePosition? follower = null)
{
    internal const string LastIssued = "select case when is_called then last_value else 0 end from {schema}.mt_events_sequence";

    private const string Holding = """
        from pg_locks l
        where l.locktype = 'relation' and l.relation = '{schema}.mt_events_sequence'::regclass
          and l.database = (select oid from pg_database where datname = current_database())
          and l.mode = 'RowExclusiveLock' and l.granted
        """;

    /// <summary>Pending pairs beyond this are not opened: each waits for a transaction that is open already.</summary>
    private const int MostPending = 64;

    /// <summary>How far one poll looks past the mark for rows without a gap.</summary>
    private const int Reach = 1_000;

    private readonly List<(long Position, HashSet<string> Holders)> pending = [];
    private long recorded = -1;
    private DateTime? serverStarted;

    /// <summary>The safe position that the last poll found, or that was learned; 0 before the first.</summary>
    public long Current { get; private set; }

    /// <summary>Takes over what somebody else has found.</summary>
    public void Learn(long position) => Current = Math.Max(Current, position);

    /// <summary>Forgets what was found, until the next poll or the next word.</summary>
    public void Forget() => Current = 0;

    /// <summary>Polls once and returns the safe position. Read the events in a later statement, on the primary.</summary>
    public async Task<long> AdvanceAsync(CancellationToken ct)
    {
        var (started, issued, holders) = await PollAsync(ct);
        if (started != serverStarted)
        {
            // A server that crashed may hand out numbers again that nobody committed; what was seen of it before says nothing.
            (serverStarted, Current) = (started, 0);
            pending.Clear();
        }
        foreach (var pair in pending)
        {
            // A prepared transaction may change its virtual id when the server restarts: one that appears counts for every pair.
            var prepared = holders.Where(holder => holder.StartsWith("-1/", StringComparison.Ordinal)).ToArray();
            pair.Holders.IntersectWith(holders);
            pair.Holders.UnionWith(prepared);
        }
        if (issued > Math.Max(Current, pending.Count > 0 ? pending[^1].Position : 0) && pending.Count < MostPending)
            pending.Add((issued, holders));

        foreach (var (position, _) in pending.Where(pair => pair.Holders.Count == 0))
            Current = Math.Max(Current, position);
        if (pending.Exists(pair => pair.Holders.Count > 0)) Current = await WithoutGapAsync(ct);
        pending.RemoveAll(pair => pair.Position <= Current);
        follower?.Learn(Current);
        return Current;
    }

    /// <summary>The transactions that hold the safe position now, the oldest first.</summary>
    public async Task<IReadOnlyList<Holder>> HoldersAsync(CancellationToken ct)
    {
        const string sql = $$"""
            with holding as (select distinct l.pid, l.virtualtransaction {{Holding}})
            select h.pid, clock_timestamp() - coalesce(a.xact_start, p.prepared) as age, coalesce(a.application_name, p.gid)
            from holding h
            left join pg_stat_activity a on a.pid = h.pid
            left join pg_locks x on h.pid is null and x.virtualtransaction = h.virtualtransaction and x.locktype = 'transactionid'
            left join pg_prepared_xacts p on p.transaction = x.transactionid
            order by age desc nulls last
            """;
        await using var command = place.Command(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var holders = new List<Holder>();
        while (await reader.ReadAsync(ct))
            holders.Add(new Holder(
                reader.IsDBNull(0) ? null : reader.GetInt32(0),
                reader.IsDBNull(1) ? null : reader.GetTimeSpan(1),
                reader.IsDBNull(2) ? null : reader.GetString(2)));
        return holders;
    }

    /// <summary>Notes the mark with the server's time, if it moved, at most once a second.</summary>
    public async Task RecordMarkAsync(long mark, CancellationToken ct)
    {
        if (mark <= recorded) return;
        const string sql = """
            with last as (select mark, recorded_at from {schema}.log_marks order by mark desc limit 1),
                 made as (
                     insert into {schema}.log_marks (mark, recorded_at) select $1, clock_timestamp()
                     where not exists (select from last where mark >= $1 or recorded_at > clock_timestamp() - interval '1 second')
                     on conflict (mark) do nothing returning mark)
            select coalesce((select mark from made), (select mark from last), -1)
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(mark);
        recorded = (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>What was known at a time: the last mark recorded at or before it, 0 before the first.</summary>
    public async Task<long> MarkAtAsync(DateTimeOffset time, CancellationToken ct)
    {
        await using var command = place.Command("""
            select coalesce((
                select mark from {schema}.log_marks where recorded_at <= $1 order by recorded_at desc, mark desc limit 1), 0)
            """);
        command.Parameters.AddWithValue(time.ToUniversalTime());
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>
    /// The last position recorded at or before a time, 0 before the first: looked for from the mark before it to one a while after it, since
    /// marks lag behind what is written.
    /// </summary>
    public async Task<long> LastRecordedAsync(DateTimeOffset time, CancellationToken ct)
    {
        const string sql = """
            with before as (select coalesce((select mark from {schema}.log_marks where recorded_at <= $1 order by recorded_at desc, mark desc limit 1), 0) as mark),
                 after as (select (select mark from {schema}.log_marks where recorded_at > $1 + interval '10 seconds' order by recorded_at, mark limit 1) as mark)
            select coalesce(max(seq_id), (select mark from before)) from {schema}.mt_events
            where seq_id > (select mark from before) and seq_id <= coalesce((select mark from after), 9223372036854775807) and timestamp <= $1
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(time.ToUniversalTime());
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>
    /// The highest number issued, then who holds the lock: two statements in this order, since a writer that appears between them has
    /// drawn higher numbers only.
    /// </summary>
    private async Task<(DateTime Started, long Issued, HashSet<string> Holders)> PollAsync(CancellationToken ct)
    {
        await using var batch = place.DataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_postmaster_start_time()"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(place.Qualify(LastIssued)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(place.Qualify($"select l.virtualtransaction {Holding}")));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var started = reader.GetDateTime(0);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        var issued = reader.GetInt64(0);
        await reader.NextResultAsync(ct);
        var holders = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct)) holders.Add(reader.GetString(0));
        return (started, issued, holders);
    }

    /// <summary>A number belongs to one event, so rows that follow the mark without a gap extend it, whoever writes above.</summary>
    private async Task<long> WithoutGapAsync(CancellationToken ct)
    {
        const string sql = """
            select coalesce(max(seq_id), $1)
            from (select seq_id, row_number() over (order by seq_id) as number
                  from (select seq_id from {schema}.mt_events where seq_id > $1 order by seq_id limit $2) next) numbered
            where seq_id = $1 + number
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(Current);
        command.Parameters.AddWithValue(Reach);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
