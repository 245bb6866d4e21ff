using Retention.Domain.Events;
using Retention.Projections;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Api.Ingest;

/// <summary>From envelopes to the log: rules, free text sealed, append. What it has answered for is durable.</summary>
public sealed class Ingestion(
    GroupCommit log, Sealing sealing, TenantSettings settings, Tenants tenants, ComplaintOrder complaints, RevisedScores revisions, Progress progress, TimeProvider time)
{
    /// <summary>Stores the valid events of a batch and answers for each of the others.</summary>
    public Task<IngestOutcome> StoreAsync(string tenant, IReadOnlyList<Envelope> events, CancellationToken ct) =>
        StoreAsync(tenant, events, AppendMode.KeepValid, ct);

    /// <param name="mode">With <see cref="AppendMode.AllOrNone"/> one rejection stores nothing, and all counts but the rejected are 0.</param>
    public async Task<IngestOutcome> StoreAsync(string tenant, IReadOnlyList<Envelope> events, AppendMode mode, CancellationToken ct) =>
        await AppendAsync(await PrepareAsync(tenant, events, mode, ct), ct);

    /// <summary>
    /// Everything before the append: rules and sealing. The currency and the scales that the batch fixes are fixed from here on, so that the
    /// next batch may be prepared while this one is appended.
    /// </summary>
    internal async Task<PreparedBatch> PrepareAsync(string tenant, IReadOnlyList<Envelope> events, AppendMode mode, CancellationToken ct)
    {
        await tenants.CreateAsync(tenant, ct);
        var check = await complaints.CheckAsync(tenant, events, await CheckAsync(tenant, events, mode, ct), ct);
        check = await revisions.CheckAsync(tenant, events, check, ct);
        var storable = mode == AppendMode.KeepValid || check.Rejected.Count == 0;
        var valid = storable ? check.Valid.ConvertAll(index => events[index]) : [];
        return new PreparedBatch(tenant, mode, events, check, await sealing.SealAsync(tenant, valid, ct));
    }

    internal async Task<IngestOutcome> AppendAsync(PreparedBatch batch, CancellationToken ct)
    {
        var (tenant, mode, events, check, valid) = batch;
        using var span = Instruments.Spans.StartActivity("append")?.SetTag(Instruments.Tenant, tenant).SetTag(Instruments.Count, valid.Count);
        var appended = valid.Count > 0 ? await log.AppendAsync(tenant, valid, mode, ct) : [];
        progress.Nudge();

        var rejected = new List<Rejection>(check.Rejected);
        for (var i = 0; i < appended.Count; i++)
        {
            if (appended[i] is Appended.Conflict) rejected.Add(Conflict(check.Valid[i], events[check.Valid[i]]));
            if (appended[i] is Appended.Refused) rejected.Add(Erased(check.Valid[i], events[check.Valid[i]]));
        }
        rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
        var outcome = mode == AppendMode.AllOrNone && rejected.Count > 0
            ? new IngestOutcome(0, 0, rejected, await CurrentAsync(tenant, ct), 0)
            : new IngestOutcome(
                appended.Count(verdict => verdict is Appended.Stored), appended.Count(verdict => verdict is Appended.Duplicate), rejected,
                await PositionAsync(tenant, appended, ct), check.Warnings)
            {
                Stored = [.. appended.OfType<Appended.Stored>().Select(stored => stored.Position)],
            };
        Count("accepted", outcome.Accepted);
        Count("duplicate", outcome.Duplicates);
        Count("rejected", rejected.Count);
        return outcome;
    }

    /// <summary>Counts events by what became of them.</summary>
    internal static void Count(string outcome, long events)
    {
        if (events > 0) Instruments.Events.Add(events, new KeyValuePair<string, object?>(Instruments.Outcome, outcome));
    }

    /// <summary>The events that break a rule; nothing is stored, and nothing is fixed by them.</summary>
    public async Task<IReadOnlyList<Rejection>> RefusedAsync(string tenant, IReadOnlyList<Envelope> events, CancellationToken ct) =>
        Check(events, new Rules((await settings.RecentAsync(tenant, ct)).Settings), time.GetUtcNow()).Rejected;

    private async Task<Checked> CheckAsync(string tenant, IReadOnlyList<Envelope> events, AppendMode mode, CancellationToken ct)
    {
        var current = await settings.RecentAsync(tenant, ct);
        while (true)
        {
            var rules = new Rules(current.Settings);
            var check = Check(events, rules, time.GetUtcNow());
            var fixes = !ReferenceEquals(rules.Settings, current.Settings) && (mode == AppendMode.KeepValid || check.Rejected.Count == 0);
            if (!fixes) return check;

            // Somebody else may have fixed the currency or a scale in between; then the batch is checked against that.
            var overtaken = false;
            await settings.ChangeAsync(tenant, newest =>
            {
                overtaken = newest.Version != current.Version;
                return overtaken ? newest.Settings : rules.Settings;
            }, ct);
            if (!overtaken) return check;
            current = await settings.LoadAsync(tenant, ct);
        }
    }

    private static Checked Check(IReadOnlyList<Envelope> events, Rules rules, DateTimeOffset now)
    {
        var (valid, rejected, warnings) = (new List<int>(events.Count), new List<Rejection>(), 0);
        for (var index = 0; index < events.Count; index++)
        {
            var faults = new List<Fault>();
            EnvelopeRules.Check(events[index], now, faults);
            var fields = new Fields(events[index].Data, "data", faults);
            var happened = EventType.Named(events[index].Type)!.Read(fields);
            if (faults.Count == 0) faults.AddRange(rules.Check(events[index], happened));
            if (faults.Count > 0) rejected.Add(new Rejection(index, events[index].Id, faults[0].Code, faults));
            else
            {
                valid.Add(index);
                warnings += fields.Unknown;
            }
        }
        return new Checked(valid, rejected, warnings);
    }

    private static Rejection Conflict(int index, Envelope sent) => new(
        index, sent.Id, "conflict",
        [new Fault("id", "conflict", "is stored with other content (type, customer, occurredAt or data); the stored event stays as it is")]);

    private static Rejection Erased(int index, Envelope sent) =>
        new(index, sent.Id, "customer_erased", [new Fault("customer", "customer_erased", "is erased, and nothing is stored of it any more")]);

    private async Task<long> PositionAsync(string tenant, IReadOnlyList<Appended> appended, CancellationToken ct)
    {
        var highest = 0L;
        foreach (var verdict in appended)
        {
            if (verdict is Appended.Stored stored) highest = Math.Max(highest, stored.Position);
            if (verdict is Appended.Duplicate duplicate) highest = Math.Max(highest, duplicate.Position);
        }
        return highest > 0 ? highest : await CurrentAsync(tenant, ct);
    }

    private Task<long> CurrentAsync(string tenant, CancellationToken ct) => progress.TenantPositionAsync(tenant, ct);

    /// <param name="Valid">Indexes of the events that keep all rules.</param>
    internal sealed record Checked(List<int> Valid, List<Rejection> Rejected, int Warnings);

    /// <param name="Sealed">The valid events; none where a rejection withholds the whole batch.</param>
    internal sealed record PreparedBatch(
        string Tenant, AppendMode Mode, IReadOnlyList<Envelope> Events, Checked Check, IReadOnlyList<NewEvent> Sealed);
}
