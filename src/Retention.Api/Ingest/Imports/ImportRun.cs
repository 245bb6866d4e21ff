using System.IO.Compression;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>Stores a batch of events and says what became of each; returns when they are committed.</summary>
public delegate Task<IngestOutcome> StoreEvents(IReadOnlyList<Envelope> events, CancellationToken cancellation);

/// <summary>How far an import has come.</summary>
/// <param name="LinesRead">Records below the header so far.</param>
/// <param name="BytesRead">Bytes of the file, packed if it is, so far.</param>
/// <param name="EventsStored">Events that the store has answered for, or, in a dry run, that were made.</param>
/// <param name="EventsExpected">All events that the file will give; null until it is known.</param>
/// <param name="After">The log position after which everything stored stands; null while nothing is.</param>
public sealed record ImportProgress(long LinesRead, long BytesRead, long BytesTotal, long EventsStored, long? EventsExpected, long? After = null);

/// <summary>
/// Runs a mapping over one file: reads, maps, and hands the events to the store in batches of <see cref="BatchSize"/>, in the order in
/// which the mapping gives them. A run that fails keeps what it has stored; running it again finds that as duplicates. Progress may be
/// read from any thread.
/// </summary>
/// <param name="file">CSV or gzip, told apart by the first two bytes; read from its current start, seekable, and left open.</param>
/// <param name="store">Null where events are made and neither stored nor checked.</param>
public sealed class ImportRun(Mapping mapping, Stream file, StoreEvents? store)
{
    public const int BatchSize = 2_000;

    private readonly long bytes = file.Length;
    private volatile string stage = "reading";
    private long eventsStored;

    public ImportReport Report { get; } = new();

    /// <summary>Where everything stands that was stored so far; its own lock guards it.</summary>
    public StoredPositions Stored { get; } = new();

    /// <summary>As in <see cref="ImportProgress"/>; set by whoever stores.</summary>
    public long? After { get; set; }

    /// <summary><c>reading</c> until the first batch is handed to the store, then <c>storing</c>.</summary>
    public string Stage => stage;

    public ImportProgress Progress =>
        new(Report.LinesRead, file.CanRead ? file.Position : bytes, bytes, Volatile.Read(ref eventsStored), Report.EventsExpected, After);

    /// <exception cref="ImportRefusedException">The file is not one of the mapping's kind.</exception>
    public async Task<ImportReport> RunAsync(CancellationToken cancellation)
    {
        try
        {
            foreach (var batch in Events().Chunk(BatchSize))
            {
                cancellation.ThrowIfCancellationRequested();
                stage = "storing";
                if (store is not null)
                {
                    var outcome = await store(batch, cancellation);
                    Report.Store(batch, outcome);
                    lock (Stored) Stored.Add(outcome.Stored);
                }
                Volatile.Write(ref eventsStored, eventsStored + batch.Length);
            }
        }
        catch (InvalidDataException corrupt)
        {
            throw new ImportRefusedException("corrupt_gzip", $"The file is not whole gzip or zip data: {corrupt.Message}");
        }
        return Report;
    }

    private IEnumerable<Envelope> Events()
    {
        if (mapping.ReadTables is { } read && Begins("PK"u8))
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            foreach (var made in read(new ImportTables(archive, mapping.Name), Report)) yield return made;
            yield break;
        }
        using var text = new StreamReader(
            Begins([0x1f, 0x8b]) ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : file, mapping.Encoding, leaveOpen: true);
        foreach (var made in mapping.Read(text, Report)) yield return made;
    }

    private bool Begins(ReadOnlySpan<byte> magic)
    {
        Span<byte> begin = stackalloc byte[2];
        var begins = file.ReadAtLeast(begin, 2, throwOnEndOfStream: false) == 2 && begin.SequenceEqual(magic);
        file.Position = 0;
        return begins;
    }
}
