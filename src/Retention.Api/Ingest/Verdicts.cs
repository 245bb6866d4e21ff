using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>
/// What became of the events of one request so far. Refused ones are listed only up to a number and a size, since a stream has no end and
/// its answer is given at the end of it; the others are counted.
/// </summary>
internal sealed class Verdicts
{
    /// <summary>Most rejections that an answer lists.</summary>
    public const int MostListed = 10_000;

    /// <summary>Most faults that are listed of one event.</summary>
    private const int MostFaults = 20;

    /// <summary>Most UTF-16 units of ids, paths and messages in one answer: what is refused may be long.</summary>
    private const int MostText = 8 * 1024 * 1024;

    // A batch is appended while the lines of the next are read and refused.
    private readonly Lock gate = new();
    private readonly List<Rejection> rejected = [];
    private int accepted;
    private int duplicates;
    private int warnings;
    private int omitted;
    private long text;
    private long position;

    public IEnumerable<Rejection> Rejected => rejected;

    public void Reject(Rejection refused)
    {
        lock (gate) List(refused);
    }

    /// <param name="refused">The outcome's rejections, by their index in the whole request.</param>
    public void Add(IngestOutcome outcome, IEnumerable<Rejection> refused)
    {
        lock (gate)
        {
            accepted += outcome.Accepted;
            duplicates += outcome.Duplicates;
            warnings += outcome.Warnings;
            position = Math.Max(position, outcome.Position);
            foreach (var rejection in refused) List(rejection);
        }
    }

    public IngestOutcome ToOutcome()
    {
        lock (gate)
        {
            rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
            return new IngestOutcome(accepted, duplicates, rejected, position, warnings) { RejectedOmitted = omitted };
        }
    }

    private void List(Rejection refused)
    {
        var errors = refused.Errors.Count > MostFaults ? [.. refused.Errors.Take(MostFaults)] : refused.Errors;
        text += (refused.Id?.Length ?? 0) + errors.Sum(Length);
        if (rejected.Count < MostListed && text <= MostText) rejected.Add(refused with { Errors = errors });
        else omitted++;
    }

    private static int Length(Fault fault) => fault.Path.Length + fault.Message.Length;
}
