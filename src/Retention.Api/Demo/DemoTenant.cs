using NodaTime;
using Retention.Api.Clv;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Domain.Clv;
using Retention.Projections.Running;

namespace Retention.Api.Demo;

/// <summary>Loads the demo shop into a tenant of its own and fits a purchase model to it, once; a load that was cut short goes on with the same events.</summary>
public sealed class DemoTenant(Ingestion ingestion, ImportTable imports, Progress progress, ClvFitting fitting, TimeProvider time)
{
    public const string Name = "demo";

    private const string Mapping = "demo";
    private const int BatchSize = 5_000;

    private static readonly Guid Load = Retention.Domain.Events.EventId.Of(Name, DemoShop.Source, "load");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Registrations in the shop. A load that goes on must be told the same number as the one that was cut short.</summary>
    public int Customers { get; init; } = 20_000;

    /// <summary>Whether there is something left to load.</summary>
    public async Task<bool> IsMissingAsync(CancellationToken ct) => await imports.FindAsync(Name, Load, ct) is not { Status: "done" };

    /// <summary>Loads what is missing and returns when it is projected.</summary>
    /// <param name="seen">Called with the progress after each batch.</param>
    public async Task LoadAsync(Action<Import> seen, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var import = await imports.FindAsync(Name, Load, ct)
            ?? new Import(Load, Mapping, false, "storing", now, null, new ImportProgress(0, 0, 0, 0, null), null, null);
        await using var entry = await imports.EnterAsync(Name, import);

        // The shop ends on the day before its first load, whenever that is finished: the same events again are duplicates, not conflicts.
        var lastDay = DateOnly.FromDateTime(import.StartedAt.UtcDateTime).AddDays(-1);
        var events = DemoShop.Events(new DemoOptions(lastDay, DateTimeZone.Utc) { Customers = Customers });
        long? total = events.TryGetNonEnumeratedCount(out var count) ? count : null;
        var (stored, position) = (0, 0L);
        foreach (var batch in events.Chunk(BatchSize))
        {
            var outcome = await ingestion.StoreAsync(Name, batch, ct);
            if (outcome.Rejected is [var refused, ..]) throw new InvalidOperationException($"The demo shop's event {refused.Id} was refused: {refused.Code}.");
            (stored, position) = (stored + batch.Length, outcome.Position);
            import = import with { Status = "storing", Progress = import.Progress with { EventsStored = stored, EventsExpected = total } };
            seen(import);
        }
        await progress.ReachedAsync(Name, position, Patience, ct);
        await fitting.FitAsync(Name, _ => new ClvFitRequest(PurchaseModels.Default, "day", lastDay), ct);
        await entry.WriteAsync(import with { Status = "done", FinishedAt = time.GetUtcNow() });
    }
}
