using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>Source and id identify an event for ever: the same content is a duplicate, another a conflict.</summary>
public sealed class RepeatedEventsTests(ServiceFixture service)
{
    private static readonly JsonObject Sent = Order("c", "2025-01-01T12:00:00+02:00", 49.90m, new JsonObject { ["channel"] = "web" });

    /// <summary>The same content in other words.</summary>
    public static TheoryData<string, string> Same => new()
    {
        { "occurredAt", "\"2025-01-01T10:00:00Z\"" },
        { "occurredAt", "\"2025-01-01T12:00:00.000+02:00\"" },
        { "data.total", "49.9" },
        { "data.total", "4990e-2" },
        { "data", """{"channel":"\u0077eb","total":49.90,"currency":"EUR","orderId":"c-2025-01-01T12:00:00+02:00"}""" },
    };

    public static TheoryData<string, string> Other => new()
    {
        { "occurredAt", "\"2025-01-01T12:00:01+02:00\"" },
        { "customer", "\"d\"" },
        { "data.total", "49.91" },
        { "data.channel", "null" },
        { "data.gift", "true" },
        { "type", "\"purchase_cancelled\"" },
    };

    [Theory]
    [MemberData(nameof(Same))]
    public async Task The_same_event_again_changes_nothing(string member, string value)
    {
        var shop = service.NewTenant("again");
        var first = await shop.AcceptAsync(Sent);

        var again = await shop.SendAsync(Sent.With(member, value));

        (again.Number("accepted"), again.Number("duplicates"), again.List("rejected").Count).ShouldBe((0, 1, 0), again.Text);
        again.Number("position").ShouldBe(first.Number("position"));
        (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline").ShouldHaveSingleItem();
    }

    [Theory]
    [MemberData(nameof(Other))]
    public async Task Other_content_under_the_same_id_is_a_conflict_and_overwrites_nothing(string member, string value)
    {
        var shop = service.NewTenant("conflict");
        await shop.AcceptAsync(Sent);

        var again = await shop.SendAsync(Sent.With(member, value), Order("c", "2025-01-02"));

        (again.Status, again.Number("accepted"), again.Number("duplicates")).ShouldBe((200, 1, 0), again.Text);
        again.ShouldRefuse(0, "conflict", "id", "stored event stays");
        var timeline = (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline");
        timeline.Count.ShouldBe(2);
        (timeline[0].GetProperty("occurredAt").GetString(), timeline[0].GetProperty("data").GetProperty("total").GetRawText())
            .ShouldBe(("2025-01-01T12:00:00+02:00", "49.90"));
    }

    [Fact]
    public async Task Within_one_request_the_first_of_an_id_decides()
    {
        var answer = await service.NewTenant("within").SendAsync(Sent, Sent.With("data.total", "49.9"), Sent.With("data.total", "50"));

        (answer.Number("accepted"), answer.Number("duplicates"), answer.List("rejected").Count).ShouldBe((1, 1, 1), answer.Text);
        answer.ShouldRefuse(2, "conflict", "id");
    }

    [Fact]
    public async Task Another_source_or_tenant_has_ids_of_its_own()
    {
        var shop = service.NewTenant("one");
        await shop.AcceptAsync(Sent, Sent.With("source", "\"other\"").With("data.orderId", "\"other\""));
        await service.NewTenant("two").AcceptAsync(Sent.With("data.total", "1"));

        var january = (await shop.AskAsync("/v1/metrics/revenue?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
        january.GetProperty("orders").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task Free_text_is_part_of_the_content()
    {
        var shop = service.NewTenant("text");
        await shop.AcceptAsync(Complaint("c", "2025-01-01", "1", "It broke."));

        (await shop.SendAsync(Complaint("c", "2025-01-01", "1", "It broke."))).Number("duplicates").ShouldBe(1);
        (await shop.SendAsync(Complaint("c", "2025-01-01", "1", "It broke!"))).ShouldRefuse(0, "conflict", "id");
    }

    [Fact]
    public async Task A_request_without_events_is_answered_with_the_current_position()
    {
        var shop = service.NewTenant("none");
        (await shop.SendAsync()).Text.ShouldBe("""{"accepted":0,"duplicates":0,"rejected":[],"position":0,"warnings":0}""");
        await shop.AcceptAsync(Sent);
        await shop.AskAsync("/v1/metrics/revenue");

        (await shop.PostAsync("/v1/events", """{"events":[]}""")).Number("position").ShouldBe(shop.Position);
        (await shop.PostAsync("/v1/events", "", "application/x-ndjson")).Number("accepted").ShouldBe(0);
        (await shop.SendAsync(Sent.With("type", "\"nonsense\""))).Number("position").ShouldBe(shop.Position);
    }

    [Fact]
    public async Task An_atomic_request_with_a_refused_event_stores_nothing_at_all()
    {
        var shop = service.NewTenant("atomic");

        var answer = await AtomicAsync(shop, Order("c", "2025-01-01"), Complaint("c", "2025-01-02", "1", "text"), Order("c", "2025-01-03", -1));

        answer.ShouldBeProblem(422, "out_of_range", "events[2].data.total", "negative");
        (await shop.GetAsync("/v1/customers/c")).ShouldBeProblem(404, "unknown_customer");
        var settings = (await shop.GetAsync("/v1/settings")).Root;
        (settings.GetProperty("currency").ValueKind, settings.GetProperty("version").GetInt64())
            .ShouldBe((System.Text.Json.JsonValueKind.Null, 0));
    }

    [Fact]
    public async Task An_atomic_request_fails_by_its_first_fault_whichever_kind_it_is()
    {
        var shop = service.NewTenant("first");
        await shop.AcceptAsync(Sent);
        var conflict = Sent.With("data.total", "1");

        (await AtomicAsync(shop, Order("c", "2025-01-02"), Sent.With("id", null), Order("c", "2025-01-03", -1)))
            .ShouldBeProblem(422, "required", "events[1].id", "non-empty");
        (await AtomicAsync(shop, Order("c", "2025-01-02"), conflict))
            .ShouldBeProblem(409, "conflict", "events[1].id", "stored event stays");
        (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_atomic_request_may_be_repeated()
    {
        var shop = service.NewTenant("whole");
        JsonObject[] events = [Order("c", "2025-01-01"), Order("d", "2025-01-02"), Score("c", "2025-01-03", "nps", 9)];

        var first = await AtomicAsync(shop, events);
        var again = await AtomicAsync(shop, events);

        (first.Number("accepted"), first.Number("duplicates")).ShouldBe((3, 0));
        (again.Number("accepted"), again.Number("duplicates"), again.Number("position")).ShouldBe((0, 3, first.Number("position")));
    }

    [Fact]
    public async Task An_atomic_request_has_at_most_100000_events() =>
        (await service.NewTenant("many").PostAsync("/v1/events?atomic=true", $"[{string.Join(',', Enumerable.Repeat("{}", 100_001))}]"))
            .ShouldBeProblem(413, "too_large", null, "100000");

    private static Task<Answer> AtomicAsync(TestTenant shop, params JsonObject[] events) =>
        shop.PostAsync("/v1/events?atomic=true", TestTenant.Json(events));
}
