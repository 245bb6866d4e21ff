using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// Refuses what cannot have happened: a step of a complaint that is dated before its receipt, where the receipt is in the log or in the same
/// batch. Steps of a complaint that is not known yet are accepted and wait for it, whatever their order of arrival; a step that is stored
/// already is a duplicate; and of two requests at the same time neither knows of the other. Whatever comes in so has no effect on figures.
/// </summary>
public sealed class ComplaintOrder(ComplaintReceipts receipts)
{
    private const string Receipt = "complaint_received";

    private static readonly HashSet<string> Steps = new(
        ["complaint_acknowledged", "complaint_replied", "complaint_message", "complaint_resolved", "complaint_reopened", "complaint_withdrawn"],
        StringComparer.Ordinal);

    internal async Task<Ingestion.Checked> CheckAsync(string tenant, IReadOnlyList<Envelope> events, Ingestion.Checked check, CancellationToken ct)
    {
        var steps = check.Valid.Where(index => Steps.Contains(events[index].Type)).ToList();
        if (steps.Count == 0) return check;
        var own = check.Valid.Where(index => events[index].Type == Receipt).Select(index => events[index])
            .GroupBy(KeyOf).ToDictionary(same => same.Key, same => same.Min(receipt => receipt.OccurredAt));
        steps.RemoveAll(index => own.TryGetValue(KeyOf(events[index]), out var at) && at <= events[index].OccurredAt);
        if (steps.Count == 0) return check;

        var known = await receipts.EarliestAsync(tenant, steps.Select(index => events[index].Customer).ToHashSet(StringComparer.Ordinal), ct);
        DateTimeOffset? EarliestOf(int index)
        {
            var key = KeyOf(events[index]);
            return (own.TryGetValue(key, out var sent), known.TryGetValue(key, out var stored)) switch
            {
                (true, true) => sent < stored ? sent : stored,
                (true, false) => sent,
                (false, true) => stored,
                _ => null,
            };
        }
        var early = steps.Where(index => EarliestOf(index) > events[index].OccurredAt).ToList();
        if (early.Count == 0) return check;

        Guid IdOf(int index) => Domain.Events.EventId.Of(tenant, events[index].Source, events[index].Id);
        var repeated = await receipts.StoredAsync([.. early.Select(IdOf)], ct);
        early.RemoveAll(index => repeated.Contains(IdOf(index)));
        var rejected = early.Select(index => new Rejection(index, events[index].Id, "before_receipt", [new Fault(
            "occurredAt", "before_receipt", $"lies before the receipt of its complaint, {Timestamp.Format(EarliestOf(index)!.Value)}")]));
        return check with { Valid = [.. check.Valid.Except(early)], Rejected = [.. check.Rejected, .. rejected] };
    }

    private static (string Customer, string Complaint) KeyOf(Envelope sent) => (sent.Customer, sent.Data.GetProperty("complaintId").GetString()!);
}
