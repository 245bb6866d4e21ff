using System.Diagnostics;

namespace Retention.Projections.ReadModels;

/// <summary>The span and the time of one fold, from here to its disposal.</summary>
internal readonly struct TimedFold(string tenant) : IDisposable
{
    private readonly Activity? span = Instruments.Spans.StartActivity("fold")?.SetTag(Instruments.Tenant, tenant);
    private readonly long started = Stopwatch.GetTimestamp();

    public void Dispose()
    {
        Instruments.Fold.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        span?.Dispose();
    }
}
