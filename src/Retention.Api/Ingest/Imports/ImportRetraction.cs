using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Takes back what an import has stored, each event by an <c>event_retracted</c> of its own. What an earlier import or a webhook had stored,
/// and this one found again, stays. Of an import whose process ended before it did, the events after the last position that was written
/// down are known by their source alone. Doing it again finds duplicates; the same file can be imported anew after it.
/// </summary>
public sealed class ImportRetraction(EventLog log, Progress progress, Ingestion ingestion, ImportTable imports)
{
    private const int PageSize = 5_000;

    private const string Retracted = "event_retracted";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <returns>The import as it is then, how many events were taken back, and the position from which on figures know it.</returns>
    /// <exception cref="ProblemException">404 for an import that is not known, 409 for one that runs, 503 while the log is behind it.</exception>
    public async Task<(Import Import, long Retracted, long Position)> RetractAsync(string tenant, Guid id, CancellationToken ct)
    {
        var import = await imports.FindAsync(tenant, id, ct) ?? throw new ProblemException(404, "unknown_import", $"There is no import {id}.");
        if (import.IsRunning) throw new ProblemException(409, "import_running", "The import still runs; retract it when it has ended.");
        var (retracted, position) = (0L, await progress.TenantPositionAsync(tenant, ct));
        if (import.Progress.After is { } after)
        {
            var last = import.Report?.Position ?? position;
            if (!await progress.ReachedAsync(tenant, last, Patience, ct))
                throw new ProblemException(503, "behind", $"Projections have not reached position {last} within {Patience.TotalSeconds} s.") { RetryAfter = 5 };
            for (var page = new LogPage([], after); page.Last < last;)
            {
                page = await log.ReadAsync(new LogRange(page.Last, last, PageSize, tenant), ct);
                var events = page.Events.Where(stored => IsOf(import, stored)).Select(stored => Retraction(stored, import)).ToList();
                if (events.Count == 0) continue;
                position = Math.Max(position, (await ingestion.StoreAsync(tenant, events, ct)).Position);
                retracted += events.Count;
            }
        }
        import = import with { Status = "retracted" };
        await using var entry = await imports.EnterAsync(tenant, import);
        await entry.WriteAsync(import);
        return (import, retracted, position);
    }

    private static bool IsOf(Import import, StoredEvent stored) =>
        stored.Headers.Source == import.Mapping && stored.Type != Retracted
        && (import.Stored is not { } kept || kept.Contains(stored.Position) || (import.Report is null && stored.Position > kept.Last));

    private static Envelope Retraction(StoredEvent stored, Import import) => Envelope.Of(
        import.Mapping, $"{import.Id:n}/{stored.Headers.Id}", stored.Stream[CustomerStream.Prefix.Length..], import.FinishedAt ?? import.StartedAt,
        new CustomerEvent.EventRetracted(stored.Headers.Id, null, $"import {import.Id} was retracted"));
}
