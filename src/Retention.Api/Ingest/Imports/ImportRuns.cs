namespace Retention.Api.Ingest.Imports;

/// <summary>Where the events of imports go.</summary>
/// <param name="Store">The store of a tenant.</param>
/// <param name="Adopt">Gives a tenant the mapping's time zone and currency where it has set none, before its first events are stored.</param>
public sealed record ImportTarget(Func<string, StoreEvents> Store, Func<string, Mapping, CancellationToken, Task> Adopt)
{
    /// <summary>Holds events of a tenant to the rules without storing them, for dry runs; null where nobody does.</summary>
    public Func<string, StoreEvents?> Check { get; init; } = _ => null;

    /// <summary>The highest log position so far.</summary>
    public Func<CancellationToken, Task<long>> Issued { get; init; } = _ => Task.FromResult(0L);
}

/// <summary>Runs imports in the background and keeps their progress and reports. A run goes on when its client has gone.</summary>
public sealed partial class ImportRuns(ImportTable table, ImportTarget target, TimeProvider time, ILogger<ImportRuns> log)
{
    /// <summary>How often the progress of a run is written down.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    /// <summary>Starts an import, which owns the file from now on.</summary>
    /// <returns>The import as it begins, and its end. A file that is refused is an end like any other.</returns>
    public async Task<(Import Begun, Task<Import> End)> StartAsync(string tenant, Mapping mapping, bool dryRun, Stream file)
    {
        ImportRun? run = null;
        run = new ImportRun(mapping, file, dryRun ? target.Check(tenant) : StoreOf(tenant, mapping, after => run!.After = after));
        if (dryRun) run.Report.ShowFirst();
        var now = time.GetUtcNow();
        var import = new Import(Guid.CreateVersion7(now), mapping.Name, dryRun, run.Stage, now, null, run.Progress, null, null);
        try
        {
            var entry = await table.EnterAsync(tenant, import);
            return (import, Task.Run(() => RunAsync(run, import, entry, file)));
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>The tenant's latest imports, the last one first, without their reports.</summary>
    public Task<IReadOnlyList<Import>> LatestAsync(string tenant, CancellationToken cancellation) => table.LatestAsync(tenant, cancellation);

    public Task<Import?> FindAsync(string tenant, Guid id, CancellationToken cancellation) => table.FindAsync(tenant, id, cancellation);

    /// <summary>The tenant's store, which takes the mapping's settings first: a file that is refused leaves them alone.</summary>
    /// <param name="begins">Told the position after which everything will be stored.</param>
    private StoreEvents StoreOf(string tenant, Mapping mapping, Action<long> begins)
    {
        var (store, adopted) = (target.Store(tenant), false);
        return async (events, cancellation) =>
        {
            if (!adopted)
            {
                begins(await target.Issued(cancellation));
                await target.Adopt(tenant, mapping, cancellation);
            }
            adopted = true;
            return await store(events, cancellation);
        };
    }

    private async Task<Import> RunAsync(ImportRun run, Import import, ImportTable.Entry entry, Stream file)
    {
        await using var held = entry;
        await using var read = file;
        using var stop = new CancellationTokenSource();
        Task running = Task.Run(() => run.RunAsync(stop.Token));
        try
        {
            while (await Task.WhenAny(running, Task.Delay(Beat, time)) != running)
                await entry.WriteAsync(import with { Status = run.Stage, Progress = run.Progress, Stored = Copy(run.Stored) });
        }
        finally
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        var error = ErrorOf(running, import);
        var ended = import with
        {
            Status = error is null ? "done" : "failed",
            FinishedAt = time.GetUtcNow(),
            Progress = run.Progress,
            Report = run.Report,
            Stored = Copy(run.Stored),
            Error = error,
        };
        await entry.WriteAsync(ended);
        return ended;
    }

    private static StoredPositions Copy(StoredPositions stored)
    {
        lock (stored) return new StoredPositions(stored.ToRanges());
    }

    private ImportError? ErrorOf(Task running, Import import)
    {
        switch (running.Exception?.InnerException)
        {
            case null:
                return null;
            case ImportRefusedException refused:
                return new ImportError(refused.Code, refused.Message);
            case var failure:
                ImportFailed(failure, import.Id, import.Mapping);
                return new ImportError(
                    "import_failed", $"The import stopped: {failure.Message} Sending the file again stores only what is missing.");
        }
    }

    [LoggerMessage(LogLevel.Error, "Import {Id} by mapping {Mapping} failed.")]
    private partial void ImportFailed(Exception failure, Guid id, string mapping);
}
