using System.Text.Json.Serialization;

namespace Retention.Api.Ingest.Imports;

/// <summary>An import as a user sees it, running or ended.</summary>
/// <param name="Status">
/// <c>reading</c>, <c>storing</c>, <c>done</c>; <c>failed</c> with an <paramref name="Error"/>; <c>interrupted</c> when its process ended
/// before it did: the same file can be sent again, and finds what was stored as duplicates; <c>retracted</c> after that.
/// </param>
/// <param name="Report">Null until the import has ended; after a failure it tells how far it came.</param>
public sealed record Import(
    Guid Id, string Mapping, bool DryRun, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, ImportProgress Progress,
    ImportReport? Report, ImportError? Error)
{
    /// <summary>Where its events stand; null for one of a time when that was not kept.</summary>
    [JsonIgnore]
    public StoredPositions? Stored { get; init; }

    [JsonIgnore]
    public bool IsRunning => Status is "reading" or "storing";
}

/// <param name="Code">As in <see cref="ImportRefusedException"/>, or <c>import_failed</c> for anything that is not the file's fault.</param>
public sealed record ImportError(string Code, string Message);
