using System.Diagnostics.Metrics;
using Npgsql;
using Retention.Api.Polling;
using Retention.Projections;
using Retention.Projections.EventLog;

namespace Retention.Api.Telemetry;

/// <summary>
/// What stands at a moment: lag, paused tenants, the queue before the log, memory. Lag and pauses are asked of the database every few
/// seconds, and are of the place, whichever process keeps its projections.
/// </summary>
internal sealed partial class Gauges(Place place, GroupCommit queue, AnswerMemory answers, Readiness readiness, ILogger<Gauges> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    private readonly Meter meter = new(Instruments.Name);
    private volatile Lag? lag;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Describe();
        while (!stoppingToken.IsCancellationRequested)
        {
            if (readiness.Started) await LookAsync(stoppingToken);
            await Task.Delay(BetweenLooks, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    private void Describe()
    {
        meter.CreateObservableGauge("retention.projection.lag", () => Known(known => known.Events), "{event}", "Positions issued and not yet reflected");
        meter.CreateObservableGauge("retention.projection.lag.time", () => Known(known => known.Seconds), "s", "Age of the oldest event that is not yet reflected");
        meter.CreateObservableGauge("retention.tenants.paused", () => Known(known => known.Paused), "{tenant}", "Tenants whose projection an event stops");
        meter.CreateObservableGauge("retention.append.queue", () => queue.Waiting, "{request}", "Small requests that wait for a shared commit");
        meter.CreateObservableGauge("retention.histories.memory", () => place.HistoryBytes, "By", "Memory of histories held for folds");
        meter.CreateObservableGauge("retention.answers.memory", () => answers.Bytes, "By", "Memory of answers that are kept");
    }

    /// <summary>Nothing while nothing is known: unknown is not zero.</summary>
    private IEnumerable<Measurement<T>> Known<T>(Func<Lag, T> of)
        where T : struct => lag is { } known ? [new(of(known))] : [];

    private async Task LookAsync(CancellationToken ct)
    {
        const string sql = """
            with issued as (select case when is_called then last_value else 0 end as position from {schema}.mt_events_sequence),
                 shared as (select position from {schema}.projection_progress where tenant_id = '*')
            select greatest(issued.position - shared.position, 0),
                coalesce((select extract(epoch from clock_timestamp() - e.timestamp) from {schema}.mt_events e
                          where e.seq_id > shared.position order by e.seq_id limit 1), 0)::float8,
                (select count(*) from {schema}.projection_progress where tenant_id <> '*')
            from issued, shared
            """;
        try
        {
            await using var command = place.Command(sql);
            await using var reader = await command.ExecuteReaderAsync(ct);
            lag = await reader.ReadAsync(ct) ? new Lag(reader.GetInt64(0), reader.GetDouble(1), reader.GetInt64(2)) : null;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            lag = null;
            LogUnknown(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The database does not tell how far the projections are behind.")]
    private static partial void LogUnknown(ILogger logger, Exception e);

    private sealed record Lag(long Events, double Seconds, long Paused);
}
