using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>Pages as Zendesk's API answers them, with the members that its reference lists.</summary>
public sealed class ZendeskTests
{
    private const string Tickets = """
        { "tickets": [
            { "id": 987, "requester_id": 7881, "created_at": "2026-01-05T08:00:00Z", "status": "closed", "type": "problem", "priority": "high",
              "via": { "channel": "email" }, "subject": "Broken", "description": "The mug is broken." },
            { "id": 988, "requester_id": 7882, "created_at": "2026-01-05T09:00:00Z", "status": "open", "type": null, "priority": null, "via": { "channel": "web" } },
            { "id": 989, "requester_id": 7882, "created_at": "2026-01-05T09:00:00Z", "status": "deleted" } ],
          "users": [ { "id": 7881, "email": "Ann@Example.com", "external_id": null } ], "count": 3, "end_of_stream": true }
        """;

    private const string Events = """
        { "ticket_metric_events": [
            { "id": 1, "ticket_id": 987, "metric": "reply_time", "instance_id": 1, "type": "activate", "time": "2026-01-05T08:00:00Z" },
            { "id": 2, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 1, "type": "activate", "time": "2026-01-05T08:00:00Z" },
            { "id": 3, "ticket_id": 987, "metric": "agent_work_time", "instance_id": 1, "type": "activate", "time": "2026-01-05T08:00:00Z" },
            { "id": 4, "ticket_id": 987, "metric": "reply_time", "instance_id": 1, "type": "apply_sla", "time": "2026-01-05T08:00:00Z", "sla": { "target": 60 } },
            { "id": 5, "ticket_id": 987, "metric": "reply_time", "instance_id": 1, "type": "breach", "time": "2026-01-05T09:00:00Z" },
            { "id": 6, "ticket_id": 987, "metric": "reply_time", "instance_id": 1, "type": "fulfill", "time": "2026-01-05T10:00:00Z" },
            { "id": 7, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 1, "type": "pause", "time": "2026-01-05T10:00:00Z" },
            { "id": 8, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 1, "type": "activate", "time": "2026-01-05T11:00:00Z" },
            { "id": 9, "ticket_id": 987, "metric": "reply_time", "instance_id": 2, "type": "activate", "time": "2026-01-05T11:00:00Z" },
            { "id": 10, "ticket_id": 987, "metric": "reply_time", "instance_id": 2, "type": "fulfill", "time": "2026-01-05T12:00:00Z" },
            { "id": 11, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 1, "type": "fulfill", "time": "2026-01-05T12:00:00Z" },
            { "id": 12, "ticket_id": 987, "metric": "agent_work_time", "instance_id": 1, "type": "fulfill", "time": "2026-01-05T12:00:00Z" },
            { "id": 13, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 0, "type": "update_status", "time": "2026-01-05T12:00:00Z", "status": { "calendar": 4, "business": 2 } },
            { "id": 14, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 2, "type": "activate", "time": "2026-01-06T08:00:00Z" },
            { "id": 15, "ticket_id": 987, "metric": "requester_wait_time", "instance_id": 2, "type": "fulfill", "time": "2026-01-06T09:00:00Z" },
            { "id": 16, "ticket_id": 988, "metric": "agent_work_time", "instance_id": 1, "type": "fulfill", "time": "2026-01-06T09:00:00Z" } ] }
        """;

    private readonly ImportReport report = new();

    [Fact]
    public void A_ticket_is_a_complaint_with_its_replies_messages_and_solutions()
    {
        Read(Tickets, Events).Select(Shown).ShouldBe(
        [
            "ticket-987 c-71d4f55f72fa128dfb46 05 08:00 complaint_received {\"complaintId\":\"ticket-987\",\"channel\":\"email\",\"category\":\"problem\",\"severity\":\"high\",\"text\":\"The mug is broken.\"}",
            "ticket-988 zendesk-7882 05 09:00 complaint_received {\"complaintId\":\"ticket-988\",\"channel\":\"web\"}",
            "metric-6 c-71d4f55f72fa128dfb46 05 10:00 complaint_replied {\"complaintId\":\"ticket-987\"}",
            "metric-9 c-71d4f55f72fa128dfb46 05 11:00 complaint_message {\"complaintId\":\"ticket-987\"}",
            "metric-10 c-71d4f55f72fa128dfb46 05 12:00 complaint_replied {\"complaintId\":\"ticket-987\"}",
            "metric-11 c-71d4f55f72fa128dfb46 05 12:00 complaint_resolved {\"complaintId\":\"ticket-987\"}",
            "metric-14 c-71d4f55f72fa128dfb46 06 08:00 complaint_reopened {\"complaintId\":\"ticket-987\"}",
            "metric-15 c-71d4f55f72fa128dfb46 06 09:00 complaint_resolved {\"complaintId\":\"ticket-987\"}",
            "metric-16 zendesk-7882 06 09:00 complaint_resolved {\"complaintId\":\"ticket-988\"}",
        ]);
        report.NotesByCode.ShouldBe(new Dictionary<string, long>
        {
            ["left: activate"] = 4,
            ["left: apply_sla"] = 1,
            ["left: breach"] = 1,
            ["left: deleted ticket"] = 1,
            ["left: fulfill"] = 1,
            ["left: pause"] = 1,
            ["left: update_status"] = 1,
        });
        (report.LinesRead, report.RefusedLines, report.EventsExpected).ShouldBe((20, 0, 9));
    }

    [Fact]
    public void A_rating_is_satisfaction_on_two_steps_and_an_offer_the_request_alone() => Read("""
        { "satisfaction_ratings": [
            { "id": 35436, "requester_id": 7881, "ticket_id": 987, "score": "good", "comment": "Awesome support!", "created_at": "2026-01-05T12:00:00Z", "updated_at": "2026-01-05T13:00:00Z" },
            { "id": 35437, "requester_id": 7881, "ticket_id": 988, "score": "bad", "created_at": "2026-01-06T12:00:00Z", "updated_at": "2026-01-06T12:00:00Z" },
            { "id": 35438, "requester_id": 7881, "ticket_id": 989, "score": "offered", "created_at": "2026-01-07T12:00:00Z", "updated_at": "2026-01-07T12:00:00Z" },
            { "id": 35439, "requester_id": 7881, "ticket_id": 990, "score": "unoffered", "created_at": "2026-01-08T12:00:00Z" } ] }
        """).Select(Shown).ShouldBe(
    [
        "rating-35436/requested zendesk-7881 05 12:00 feedback_requested {\"requestId\":\"rating-35436\",\"instrument\":\"csat\",\"touchpoint\":\"support\"}",
        "rating-35436 zendesk-7881 05 13:00 feedback_given {\"instrument\":\"csat\",\"score\":1,\"requestId\":\"rating-35436\",\"scaleMin\":0,\"scaleMax\":1,\"topBox\":1,\"touchpoint\":\"support\",\"comment\":\"Awesome support!\"}",
        "rating-35437/requested zendesk-7881 06 12:00 feedback_requested {\"requestId\":\"rating-35437\",\"instrument\":\"csat\",\"touchpoint\":\"support\"}",
        "rating-35437 zendesk-7881 06 12:00 feedback_given {\"instrument\":\"csat\",\"score\":0,\"requestId\":\"rating-35437\",\"scaleMin\":0,\"scaleMax\":1,\"topBox\":1,\"touchpoint\":\"support\"}",
        "rating-35438/requested zendesk-7881 07 12:00 feedback_requested {\"requestId\":\"rating-35438\",\"instrument\":\"csat\",\"touchpoint\":\"support\"}",
    ]);

    [Fact]
    public void An_external_id_is_the_shops_own_name_for_a_customer_and_pages_may_overlap()
    {
        var named = Tickets.Replace("\"external_id\": null", "\"external_id\": \"shop-7\"", StringComparison.Ordinal);
        Read(named, named).Select(made => (made.Id, made.Customer)).ShouldBe([("ticket-987", "shop-7"), ("ticket-988", "zendesk-7882")]);
    }

    [Theory]
    [InlineData("""{ "ticket_metric_events": [ { "id": 1, "ticket_id": 5, "metric": "reply_time", "instance_id": 1, "type": "fulfill", "time": "2026-01-05T08:00:00Z" } ] }""", "unknown_ticket", "ticket_metric_events 1: ticket_id")]
    [InlineData("""{ "tickets": [ { "id": 1, "requester_id": 7, "created_at": "2026-01-05" } ] }""", "not_a_time", "tickets 1: created_at")]
    [InlineData("""{ "tickets": [ { "id": 1, "created_at": "2026-01-05T08:00:00Z" } ] }""", "missing_value", "tickets 1: requester_id is required")]
    [InlineData("""{ "tickets": [ { "id": 1, "requester_id": 7, "created_at": "2026-01-05T08:00:00Z", "description": "\ude00\ud83d" } ] }""", "not_text", "tickets 1: description holds")]
    [InlineData("""{ "tickets": [ { "id": 1, "requester_id": 7, "created_at": "2026-01-05T08:00:00Z", "description": "\u0000" } ] }""", "not_text", "tickets 1: description holds")]
    [InlineData("""{ "satisfaction_ratings": [ { "id": 1, "requester_id": 7, "score": 5, "created_at": "2026-01-05T08:00:00Z" } ] }""", "off_scale", "satisfaction_ratings 1: score")]
    public void What_cannot_be_read_is_refused_by_its_number(string page, string code, string words)
    {
        Read(page).ShouldBeEmpty();
        report.Refused.ShouldHaveSingleItem().ShouldSatisfyAllConditions(remark => remark.Code.ShouldBe(code), remark => remark.Message.ShouldStartWith(words));
    }

    [Theory]
    [InlineData("", "empty_file")]
    [InlineData("id,ticket\n1,2", "malformed_json")]
    [InlineData("{ \"tickets\": [", "malformed_json")]
    [InlineData("{ \"orders\": [] }", "wrong_kind")]
    [InlineData("{ \"tickets\": [], \"tickets\": [] }", "malformed_json")]
    [InlineData("{ \"tickets\": [ { \"\\ud800\": 1 } ] }", "malformed_json")]
    public void A_file_of_another_kind_is_refused(string text, string code) => Should.Throw<ImportRefusedException>(() => Read(text)).Code.ShouldBe(code);

    private List<Envelope> Read(params string[] pages) => [.. Zendesk.Mapping.Read(new StringReader(string.Join("\n", pages)), report)];

    private static string Shown(Envelope made) => $"{made.Id} {made.Customer} {made.OccurredAt:dd HH:mm} {made.Type} {made.Data.GetRawText()}";
}
