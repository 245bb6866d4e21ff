using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Tickets of Zendesk as complaints: the pages of its incremental exports, as its API answers them, one after another in one file —
/// <c>tickets</c> and <c>ticket_metric_events</c>, <c>users</c> where they were asked for beside the tickets (<c>include=users</c>), and
/// <c>satisfaction_ratings</c>. All is held in memory; events come in the order of occurredAt.
/// <para>
/// A ticket is <c>complaint_received</c> at created_at, with its channel, its type as category and its priority as severity. Of the metric
/// reply_time each <c>fulfill</c> is <c>complaint_replied</c>, and the <c>activate</c> of a second or later instance is a message of the
/// customer. Of requester_wait_time (without it resolution_time, without that agent_work_time) a <c>fulfill</c> is <c>complaint_resolved</c>
/// and an <c>activate</c> after it <c>complaint_reopened</c>. All other events of metrics (<c>pause</c>, <c>apply_sla</c>, <c>breach</c>,
/// <c>update_status</c>) say what the tenant's own promise and hours say here, and are counted. Nothing in them is an acknowledgement.
/// </para>
/// <para>
/// A rating is csat on 0 (bad) to 1 (good) at updated_at, asked for at created_at; one that was merely offered is the request alone. A
/// customer is the requester's external_id, else the <see cref="Pseudonym"/> of the e-mail address, as for Shopify; where users are
/// missing, zendesk- and requester_id. Event ids are ticket-N; metric-N; rating-N and rating-N/requested, with Zendesk's own numbers.
/// </para>
/// </summary>
public static class Zendesk
{
    private const string Source = "zendesk";

    private static readonly string[] SolvedClocks = ["requester_wait_time", "resolution_time", "agent_work_time"];

    private static readonly string[] LeftTypes = ["activate", "pause", "fulfill", "apply_sla", "apply_group_sla", "breach", "update_status"];

    public static Mapping Mapping { get; } = new(Source, null, null, Read);

    /// <param name="Clock">The metric: reply_time and so on.</param>
    private sealed record MetricEvent(string Id, string Ticket, string Clock, long Instance, string Type, DateTimeOffset At);

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var pages = JsonText.Documents(text).Select(page => new JsonRow(page)).ToList();
        var customers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var user in Records(pages, "users", report))
            if (CustomerOf(user) is { } customer) customers[user.RequiredText("id")] = customer;
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        var events = Tickets(pages, report, customers, owners).Concat(Steps(pages, report, owners)).Concat(Ratings(pages, report, customers)).ToList();
        if (report.LinesRead == 0) throw new ImportRefusedException("wrong_kind", "The file holds no tickets, ticket_metric_events, users or satisfaction_ratings, as the pages of Zendesk's API do.");
        report.Expect(events.Count);
        return events.DistinctBy(made => made.Id).OrderBy(made => made.OccurredAt).Select(report.Make);
    }

    private static List<Envelope> Tickets(List<JsonRow> pages, ImportReport report, Dictionary<string, string> customers, Dictionary<string, string> owners)
    {
        var events = new List<Envelope>();
        foreach (var ticket in Records(pages, "tickets", report))
        {
            if (ticket.Text("status") == "deleted")
            {
                report.Count("left: deleted ticket");
                continue;
            }
            var (id, requester, at) = (ticket.RequiredText("id"), ticket.RequiredText("requester_id"), ticket.RequiredTime("created_at"));
            var received = new ComplaintReceived(Complaint(id), ticket.Text("via.channel"), ticket.Text("type"), ticket.Text("priority"), null, ticket.FreeText("description"));
            if (!Keeps(ticket, "tickets", report)) continue;
            owners[id] = customers.GetValueOrDefault(requester) ?? $"{Source}-{requester}";
            events.Add(Envelope.Of(Source, Complaint(id), owners[id], at, received));
        }
        return events;
    }

    private static IEnumerable<Envelope> Steps(List<JsonRow> pages, ImportReport report, Dictionary<string, string> owners)
    {
        var read = new List<MetricEvent>();
        foreach (var row in Records(pages, "ticket_metric_events", report))
        {
            var next = new MetricEvent(
                row.RequiredText("id"), row.RequiredText("ticket_id"), row.RequiredText("metric"), (long)row.RequiredNumber("instance_id"), row.RequiredText("type"), row.RequiredTime("time"));
            row.Require(row.Fault is not null || owners.ContainsKey(next.Ticket), "ticket_id", "unknown_ticket", "is not among the tickets of the file");
            if (row.IsTrue("deleted")) report.Count("left: deleted");
            else if (Keeps(row, "ticket_metric_events", report)) read.Add(next);
        }
        foreach (var ticket in read.GroupBy(next => next.Ticket, StringComparer.Ordinal))
        {
            var solved = SolvedClocks.FirstOrDefault(clock => ticket.Any(next => next.Clock == clock && next.Type == "fulfill"));
            var isSolved = false;
            foreach (var next in ticket.OrderBy(next => next.At).ThenBy(next => next.Id.Length).ThenBy(next => next.Id, StringComparer.Ordinal))
            {
                var complaint = Complaint(next.Ticket);
                CustomerEvent? step = (next.Clock, next.Type) switch
                {
                    ("reply_time", "fulfill") => new ComplaintReplied(complaint),
                    ("reply_time", "activate") when next.Instance > 1 => new ComplaintMessage(complaint),
                    (_, "fulfill") when next.Clock == solved && !isSolved => new ComplaintResolved(complaint, null),
                    (_, "activate") when next.Clock == solved && isSolved => new ComplaintReopened(complaint),
                    _ => null,
                };
                if (next.Clock == solved) isSolved = next.Type == "fulfill" || (isSolved && next.Type != "activate");
                if (step is null) report.Count(LeftTypes.Contains(next.Type) ? $"left: {next.Type}" : "left: other");
                else yield return Envelope.Of(Source, $"metric-{next.Id}", owners[next.Ticket], next.At, step);
            }
        }
    }

    private static IEnumerable<Envelope> Ratings(List<JsonRow> pages, ImportReport report, Dictionary<string, string> customers)
    {
        foreach (var rating in Records(pages, "satisfaction_ratings", report))
        {
            var (id, requester, score, asked) = ($"rating-{rating.RequiredText("id")}", rating.RequiredText("requester_id"), rating.RequiredText("score"), rating.RequiredTime("created_at"));
            var (answered, comment) = (rating.Time("updated_at") ?? asked, rating.FreeText("comment"));
            rating.Require(score is "good" or "bad" or "offered" or "unoffered", "score", "off_scale", "must be good, bad, offered or unoffered");
            if (!Keeps(rating, "satisfaction_ratings", report) || score == "unoffered") continue;
            var customer = customers.GetValueOrDefault(requester) ?? $"{Source}-{requester}";
            yield return Envelope.Of(Source, $"{id}/requested", customer, asked, new FeedbackRequested(id, "csat", null, "support"));
            if (score != "offered")
                yield return Envelope.Of(Source, id, customer, answered, new FeedbackGiven("csat", score == "good" ? 1 : 0, id, 0, 1, 1, "support", null, comment));
        }
    }

    /// <summary>The objects of a list in all pages, each by itself.</summary>
    private static IEnumerable<JsonRow> Records(List<JsonRow> pages, string list, ImportReport report)
    {
        foreach (var record in pages.SelectMany(page => page.Rows(list)))
        {
            report.ReadLine();
            yield return record.Alone();
        }
    }

    private static string? CustomerOf(JsonRow user) => user.Text("external_id") ?? (user.Text("email") is { } email ? Pseudonym.Of(email) : null);

    private static string Complaint(string ticket) => $"ticket-{ticket}";

    /// <summary>Whether nothing is wrong with a record; what is, is reported by its number among all that were read.</summary>
    private static bool Keeps(JsonRow record, string list, ImportReport report)
    {
        if (record.Fault is var (code, message)) report.Refuse(report.LinesRead, code, $"{list} {record.Text("id")}: {message}");
        return record.Fault is null;
    }
}
