using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// Refuses a revision whose score is off the scale of its answer, where the answer is in the log or in the same batch. A revision that comes
/// before its answer is accepted, and without effect if its score is off the scale; one that is stored already is a duplicate.
/// </summary>
public sealed class RevisedScores(GivenScales scales, ComplaintReceipts stored)
{
    private const string Revision = "feedback_revised";

    internal async Task<Ingestion.Checked> CheckAsync(string tenant, IReadOnlyList<Envelope> events, Ingestion.Checked check, CancellationToken ct)
    {
        var revisions = check.Valid.Where(index => events[index].Type == Revision && ScoreOf(events[index]) is not null).ToList();
        if (revisions.Count == 0) return check;
        Guid TargetOf(int index) => Domain.Events.EventId.Of(tenant, TextOf(events[index], "source") ?? events[index].Source, TextOf(events[index], "feedbackId")!);
        var known = (await scales.OfAsync([.. revisions.Select(TargetOf).Distinct()], ct)).ToDictionary(answer => answer.Key, answer => ScaleOf(answer.Value));
        foreach (var index in check.Valid.Where(index => events[index].Type == "feedback_given"))
        {
            var given = events[index];
            known.TryAdd(Domain.Events.EventId.Of(tenant, given.Source, given.Id), ScaleOf((TextOf(given, "instrument")!, NumberOf(given, "scaleMin"), NumberOf(given, "scaleMax"))));
        }
        var off = revisions.Where(index => known.TryGetValue(TargetOf(index), out var scale) && !(ScoreOf(events[index]) >= scale.Min && ScoreOf(events[index]) <= scale.Max)).ToList();
        if (off.Count == 0) return check;

        Guid IdOf(int index) => Domain.Events.EventId.Of(tenant, events[index].Source, events[index].Id);
        var repeated = await stored.StoredAsync([.. off.Select(IdOf)], ct);
        off.RemoveAll(index => repeated.Contains(IdOf(index)));
        var rejected = off.Select(index => new Rejection(index, events[index].Id, "out_of_range", [new Fault(
            "data.score", "out_of_range", $"must be a whole number from {known[TargetOf(index)].Min} to {known[TargetOf(index)].Max}, the scale of the answer")]));
        return check with { Valid = [.. check.Valid.Except(off)], Rejected = [.. check.Rejected, .. rejected] };
    }

    private static (int Min, int Max) ScaleOf((string Instrument, int? Min, int? Max) given)
    {
        var own = Scale.Of(Fact.InstrumentOf(given.Instrument));
        return (given.Min ?? own.Min, given.Max ?? own.Max);
    }

    private static int? ScoreOf(Envelope revision) => NumberOf(revision, "score");

    private static string? TextOf(Envelope sent, string name) =>
        sent.Data.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static int? NumberOf(Envelope sent, string name) =>
        sent.Data.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number ? (int)number.GetDecimal() : null;
}
