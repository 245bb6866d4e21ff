using System.Text.Json.Serialization;
using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>What became of a batch of events, every one of which is either accepted, a duplicate or rejected.</summary>
/// <param name="Position">The highest position that the batch stored or found as a duplicate, else the tenant's current one.</param>
/// <param name="Warnings">Members of <c>data</c> that the vocabulary does not know; they are kept.</param>
public sealed record IngestOutcome(int Accepted, int Duplicates, IReadOnlyList<Rejection> Rejected, long Position, int Warnings)
{
    /// <summary>Where the accepted events stand.</summary>
    [JsonIgnore]
    public IReadOnlyList<long> Stored { get; init; } = [];

    /// <summary>Rejections that are not listed, since a stream without end may hold any number of them; left out where all are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int RejectedOmitted { get; init; }
}

/// <summary>An event that was not stored, and why.</summary>
/// <param name="Index">Its place in the batch, from 0.</param>
/// <param name="Id">Null when it had none that could be read.</param>
public sealed record Rejection(int Index, string? Id, string Code, IReadOnlyList<Fault> Errors);
