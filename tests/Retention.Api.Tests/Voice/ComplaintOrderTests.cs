using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Voice;

/// <summary>Steps of complaints in whatever order they arrive, and those whose times contradict.</summary>
public sealed class ComplaintOrderTests(ServiceFixture service)
{
    private const string Asked = "/v1/metrics/complaints?grain=month&from=2025-03-01&to=2025-04-01&asOf=2025-04-10";

    [Fact]
    public async Task A_resolution_may_arrive_before_its_receipt()
    {
        var desk = service.NewTenant();
        await desk.AcceptAsync(Resolved("a", "2025-03-05", "c-1"), Replied("a", "2025-03-04", "c-1"));
        (await desk.AskAsync(Asked)).Rows.Single().GetProperty("resolved").GetInt64().ShouldBe(0);
        (await EffectsAsync(desk)).ShouldBe(["complaint_replied waits", "complaint_resolved waits"]);

        await desk.AcceptAsync(Complaint("a", "2025-03-03", "c-1"));

        (await desk.AskAsync(Asked)).Rows.Single().GetProperty("resolved").GetInt64().ShouldBe(1);
        (await EffectsAsync(desk)).ShouldAllBe(effect => effect.EndsWith("counts"));
    }

    [Fact]
    public async Task A_step_dated_before_its_known_receipt_is_refused()
    {
        var desk = service.NewTenant();
        await desk.AcceptAsync(Complaint("a", "2025-03-03", "c-1"));

        var answer = await desk.SendAsync(
            Resolved("a", "2025-03-02", "c-1"), Replied("a", "2025-03-03", "c-1"), Replied("b", "2025-03-02", "c-1"), Replied("c", "2025-03-02", "c-9"), Complaint("c", "2025-03-04", "c-9"));

        answer.Number("accepted").ShouldBe(3);
        answer.ShouldRefuse(0, "before_receipt", "occurredAt", "2025-03-03");
        answer.ShouldRefuse(3, "before_receipt", "occurredAt", "2025-03-04");
        (await desk.PostAsync("/v1/events?atomic=true", TestTenant.Json([Resolved("a", "2025-03-02", "c-1")]))).ShouldBeProblem(422, "before_receipt", "events[0].occurredAt");
    }

    [Fact]
    public async Task What_was_stored_before_its_receipt_was_known_stays_a_duplicate_and_has_no_effect()
    {
        var desk = service.NewTenant();
        await desk.AcceptAsync(Resolved("a", "2025-03-02", "c-1"));
        await desk.AcceptAsync(Complaint("a", "2025-03-03", "c-1"));

        (await desk.SendAsync(Resolved("a", "2025-03-02", "c-1"))).Number("duplicates").ShouldBe(1);

        (await desk.AskAsync(Asked)).Rows.Single().GetProperty("open").GetInt64().ShouldBe(1);
        (await EffectsAsync(desk)).ShouldBe(["complaint_resolved no_effect", "complaint_received counts"]);
    }

    [Fact]
    public async Task A_receipt_that_was_retracted_contradicts_nothing()
    {
        var desk = service.NewTenant();
        await desk.AcceptAsync(Complaint("a", "2025-03-08", "c-1"), Event("event_retracted", "a", "2025-03-09", new JsonObject { ["eventId"] = "complaint_received-a-2025-03-08" }));

        await desk.AcceptAsync(Resolved("a", "2025-03-04", "c-1"));
    }

    [Fact]
    public async Task A_complaint_closed_twice_is_closed_once_and_the_timeline_says_so()
    {
        var desk = service.NewTenant();
        await desk.AcceptAsync(Complaint("a", "2025-03-03", "c-1"), Resolved("a", "2025-03-04", "c-1"), Resolved("a", "2025-03-05", "c-1"));
        (await EffectsAsync(desk)).ShouldBe(["complaint_received counts", "complaint_resolved counts", "complaint_resolved no_effect"]);

        // Had it been opened again in between, both count.
        await desk.AcceptAsync(Event("complaint_reopened", "a", "2025-03-04T18:00:00Z", new JsonObject { ["complaintId"] = "c-1" }));
        (await EffectsAsync(desk)).ShouldAllBe(effect => effect.EndsWith("counts"));
    }

    private static async Task<IReadOnlyList<string>> EffectsAsync(TestTenant desk) =>
        [.. (await desk.AskAsync("/v1/customers/a/timeline?asOf=2025-04-10")).List("timeline").Select(entry => $"{entry.GetProperty("type")} {entry.GetProperty("effect")}")];
}
