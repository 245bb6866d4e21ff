using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>How far a tenant is reflected, or, for <see cref="Progress.Everyone"/>, all tenants without a row of their own.</summary>
/// <param name="PausedAt">The position of the event that stops the tenant; null when none does.</param>
/// <param name="Generation">Of the row of everyone: rises when a tenant gets or loses a row of its own, or is deleted.</param>
public sealed record ProgressRow(string Tenant, long Position, long Generation, long? PausedAt, Guid? PausedEvent, string? PausedReason);

/// <summary>The progress of the projection: read, waited for, and set aside for a tenant that an event stops.</summary>
public sealed class Progress(Place place, TimeProvider time)
{
    /// <summary>Stands for all tenants without a row of their own.</summary>
    public const string Everyone = "*";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly Signal moved = new();
    private readonly Signal appended = new();

    public async Task<IReadOnlyList<ProgressRow>> RowsAsync(CancellationToken ct)
    {
        await using var command = place.Command(
            "select tenant_id, position, generation, paused_at, paused_event, paused_reason from {schema}.projection_progress order by tenant_id");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ProgressRow>();
        while (await reader.ReadAsync(ct))
            rows.Add(new ProgressRow(
                reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.IsDBNull(3) ? null : reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetGuid(4), reader.IsDBNull(5) ? null : reader.GetString(5)));
        return rows;
    }

    public Task<long> SharedAsync(CancellationToken ct) => OfAsync(Everyone, ct);

    /// <summary>The position up to which a tenant is reflected.</summary>
    public async Task<long> OfAsync(string tenant, CancellationToken ct)
    {
        const string sql = """
            select position from {schema}.projection_progress where tenant_id in ($1, '*') order by tenant_id = '*' limit 1
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The position of a tenant's last event that is reflected; 0 before the first.</summary>
    public async Task<long> TenantPositionAsync(string tenant, CancellationToken ct)
    {
        await using var command = place.Command("select position from {schema}.reflections where tenant_id = $1");
        command.Parameters.AddWithValue(tenant);
        return (long?)await command.ExecuteScalarAsync(ct) ?? 0;
    }

    /// <summary>Ends when this process commits progress the next time.</summary>
    public Task Moved => moved.Next;

    /// <summary>Ends when something is appended in this process the next time.</summary>
    public Task Appended => appended.Next;

    /// <summary>Tells that something was appended in this process, so that it is reflected without waiting for the next poll.</summary>
    public void Nudge() => appended.Raise();

    /// <summary>Tells waiters in this process that progress was committed.</summary>
    public void Tell() => moved.Raise();

    /// <summary>Waits until a tenant is reflected up to a position.</summary>
    /// <returns>False when the time was over first.</returns>
    public async Task<bool> ReachedAsync(string tenant, long position, TimeSpan atMost, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var signal = moved.Next;
            if (await OfAsync(tenant, ct) >= position) return true;
            var left = atMost - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return false;
            await Task.WhenAny(signal, Task.Delay(left < Poll ? left : Poll, time, ct));
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Gives a tenant a row of its own, at the progress that it shared until now.</summary>
    /// <param name="own">The place as the owner of the projections writes it.</param>
    internal static async Task PauseAsync(Place own, ProgressRow shared, UnreadableEventException fault, CancellationToken ct)
    {
        const string sql = """
            with shared as (
                update {schema}.projection_progress set generation = generation + 1
                where tenant_id = '*' and position = $5 and generation = $6 returning position)
            insert into {schema}.projection_progress (tenant_id, position, paused_at, paused_event, paused_reason)
            select $1, position, $2, $3, $4 from shared
            on conflict (tenant_id) do nothing
            """;
        await using var command = own.Command(sql);
        command.Parameters.AddWithValue(fault.Event.Tenant);
        AddFault(command, fault);
        command.Parameters.AddWithValue(shared.Position);
        command.Parameters.AddWithValue(shared.Generation);
        await command.ExecuteNonQueryAsync(ct);
    }

    internal static async Task NameFaultAsync(Place own, string tenant, UnreadableEventException fault, CancellationToken ct)
    {
        await using var command = own.Command(
            """
            update {schema}.projection_progress set paused_at = $2, paused_event = $3, paused_reason = $4
            where tenant_id = $1 and paused_event is distinct from $3
            """);
        command.Parameters.AddWithValue(tenant);
        AddFault(command, fault);
        await command.ExecuteNonQueryAsync(ct);
    }

    internal static async Task ClearFaultAsync(Place own, string tenant, CancellationToken ct)
    {
        await using var command = own.Command(
            "update {schema}.projection_progress set paused_at = null, paused_event = null, paused_reason = null where tenant_id = $1");
        command.Parameters.AddWithValue(tenant);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Puts a tenant that has caught up back among the others, unless those have moved on meanwhile.</summary>
    internal static async Task RejoinAsync(Place own, string tenant, CancellationToken ct)
    {
        const string sql = """
            with shared as (
                update {schema}.projection_progress shared set generation = shared.generation + 1
                from {schema}.projection_progress own
                where shared.tenant_id = '*' and own.tenant_id = $1 and own.position = shared.position returning shared.tenant_id)
            delete from {schema}.projection_progress where tenant_id = $1 and exists (select from shared)
            """;
        await using var command = own.Command(sql);
        command.Parameters.AddWithValue(tenant);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static void AddFault(NpgsqlCommand command, UnreadableEventException fault)
    {
        command.Parameters.AddWithValue(fault.Event.Position);
        command.Parameters.AddWithValue(fault.Event.EventId);
        command.Parameters.AddWithValue(fault.Reason);
    }
}
