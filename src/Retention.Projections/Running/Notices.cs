using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// What the processes of a place tell each other at once, by notifications of the database. Each may be missed: whoever waits also polls.
/// </summary>
public sealed class Notices(Place place, Progress progress, SafePosition safePosition, Lease lease)
{
    internal const string Released = "released";
    private const string Moved = "moved ";

    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    // What this process says comes back to it as well.
    private readonly string moved = $"{Moved}{Guid.NewGuid():n}";

    /// <summary>Passes on to this process what others say. Runs until cancelled.</summary>
    public async Task ListenAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await place.DataSource.OpenConnectionAsync(ct);
                connection.Notification += (_, notice) => Take(notice.Payload);
                await using (var listen = new NpgsqlCommand(place.Qualify("listen {schema}"), connection)) await listen.ExecuteNonQueryAsync(ct);
                while (true) await connection.WaitAsync(ct);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                // A server that crashed may hand out positions again that nobody committed. What polls says that it does not answer.
                safePosition.Forget();
                await Task.Delay(AfterFault, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Tells the others whenever this process, the owner, has moved on. Runs until cancelled.</summary>
    /// <param name="own">The place of the owner.</param>
    public async Task TellAsync(Place own, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var next = progress.Moved;
            try
            {
                await using var command = own.Command("select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)");
                command.Parameters.AddWithValue(place.Schema);
                command.Parameters.AddWithValue(moved);
                await command.ExecuteNonQueryAsync(ct);
                await next.WaitAsync(ct);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                await Task.Delay(AfterFault, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private void Take(string notice)
    {
        if (notice.StartsWith(Moved, StringComparison.Ordinal) && notice != moved) progress.Tell();
        if (notice == Released) lease.Released.Raise();
    }
}
