using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Replays;

/// <summary>A replay answers what a tenant would that was given the same events, and no more of them, under the same settings.</summary>
public sealed partial class NamedReplayTests(ServiceFixture service)
{
    private static readonly string[] Questions =
    [
        "/v1/cohorts?grain=month", "/v1/cohorts?grain=week&groupBy=country", "/v1/metrics/retention?grain=month", "/v1/metrics/revenue?grain=week",
        "/v1/metrics/lifecycle?grain=quarter", "/v1/metrics/clv?grain=month", "/v1/metrics/nps?grain=month", "/v1/metrics/complaints?grain=month",
        "/v1/metrics/survival?grain=month", "/v1/metrics/retention?grain=day&filter=country:FI", "/v1/customers?limit=50",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, """{"timeZone":"Asia/Kolkata","activity":{"kind":"window","days":20}}""")]
    [InlineData(2, """{"refunds":"refund","weekStart":"sunday"}""")]
    [InlineData(3, """{"servicePromise":{"*":"PT1H"},"businessHours":{"monday":[["00:00","12:00"]]},"minN":1}""")]
    [InlineData(4, null)]
    public async Task A_replay_answers_like_a_tenant_of_these_events_and_settings(int seed, string? settings)
    {
        var events = Events(new Random(seed)).ToList();
        var (later, fresh) = (service.NewTenant("replayed"), service.NewTenant("fresh"));
        await later.AcceptAsync([.. events.Take(160)]);
        var until = later.Position;
        await later.AcceptAsync([.. events.Skip(160)]);
        if (settings is not null) (await fresh.PutAsync("/v1/settings", settings)).Status.ShouldBe(200);
        await fresh.AcceptAsync([.. events.Take(160)]);

        await MakeAsync(later, $$"""{"name":"then","until":{{until}}{{(settings is null ? "" : $",\"settings\":{settings}")}}}""");

        foreach (var question in Questions)
        {
            var of = question.Contains('?') ? "&" : "?";
            var expected = Apart((await fresh.AskAsync($"{question}{of}asOf=2025-12-31")).Text);
            expected.Length.ShouldBeGreaterThan(150);
            var answer = await later.AskAsync($"{question}{of}asOf=2025-12-31&replay=then");
            Apart(answer.Text).ShouldBe(expected, question);
            answer.Text.ShouldContain("\"replay\":\"then\"");
            if (!question.StartsWith("/v1/customers", StringComparison.Ordinal)) answer.Number("position").ShouldBe(until);
        }
        Apart((await later.AskAsync("/v1/metrics/revenue?grain=month&asOf=2025-12-31")).Text)
            .ShouldNotBe(Apart((await later.AskAsync("/v1/metrics/revenue?grain=month&asOf=2025-12-31&replay=then")).Text), "later events count live");
    }

    [Fact]
    public async Task A_replay_is_listed_shown_compared_and_removed()
    {
        var tenant = service.NewTenant("shown");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 20), Order("ann", "2025-03-01", 30), Order("bob", "2025-01-06", 5));
        await tenant.AskAsync("/v1/metrics/revenue");
        await MakeAsync(tenant, """{"name":"short","settings":{"activity":{"kind":"window","days":10}}}""");

        (await tenant.GetAsync("/v1/replays")).List("replays").ShouldHaveSingleItem().GetProperty("name").GetString().ShouldBe("short");
        var diff = await tenant.GetAsync("/v1/replays/short/diff?metric=retention&grain=month&from=2025-01-01&to=2025-04-01&asOf=2025-04-01");
        diff.Status.ShouldBe(200, diff.Text);
        diff.Number("differences").ShouldBeGreaterThan(0);
        var january = diff.Row("2025-01-01");
        (january.GetProperty("live").GetProperty("closing").GetInt64(), january.GetProperty("replay").GetProperty("closing").GetInt64()).ShouldBe((2, 0));
        january.GetProperty("differs").EnumerateArray().Select(member => member.GetString()).ShouldContain("closing");
        var customers = diff.Root.GetProperty("customers").GetProperty("rows").EnumerateArray().ToList();
        customers.Select(row => row.GetProperty("customer").GetString()).ShouldBe(["ann", "bob"]);
        customers[0].GetProperty("live").GetProperty("active").GetBoolean().ShouldBeTrue();
        customers[0].GetProperty("replay").GetProperty("active").GetBoolean().ShouldBeFalse();
        var same = await tenant.GetAsync("/v1/replays/short/diff?metric=revenue&grain=month&asOf=2025-04-01");
        (same.Number("differences"), same.Root.GetProperty("customers").GetProperty("rows").GetArrayLength()).ShouldBe((0, 0));

        (await tenant.DeleteAsync("/v1/replays/short")).Status.ShouldBe(204);
        (await tenant.GetAsync("/v1/replays/short")).ShouldBeProblem(404, "unknown_replay");
        (await tenant.GetAsync("/v1/metrics/revenue?replay=short")).ShouldBeProblem(400, "unknown_replay", "replay");
    }

    [Fact]
    public async Task What_cannot_be_replayed_is_refused_and_said()
    {
        var (tenant, other) = (service.NewTenant("refused"), service.NewTenant("other"));
        await tenant.AcceptAsync(Order("ann", "2025-01-05"));
        await MakeAsync(tenant, """{"name":"one"}""");

        (await tenant.PostAsync("/v1/replays", """{"name":"one"}""")).ShouldBeProblem(409, "replay_exists", "name");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","until":99999999999}""")).ShouldBeProblem(422, "in_future", "until", "the last one is");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","until":"2999-01-01T00:00:00Z"}""")).ShouldBeProblem(422, "in_future", "until", "clock");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","until":"yesterday"}""")).ShouldBeProblem(422, "not_allowed", "until", "RFC 3339");
        (await tenant.PostAsync("/v1/replays", """{"name":"Two!"}""")).ShouldBeProblem(422, "invalid_name", "name");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","settings":{"timeZone":"Mars/Base"}}""")).ShouldBeProblem(422, "unknown_time_zone", "settings.timeZone");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","settings":{"currency":"SEK"}}""")).ShouldBeProblem(422, "not_allowed", "settings.currency");
        (await tenant.PostAsync("/v1/replays", """{"name":"two","until":5,"speed":9}""")).ShouldBeProblem(422, "unknown_member", "speed");
        (await tenant.GetAsync("/v1/metrics/revenue?replay=none")).ShouldBeProblem(400, "unknown_replay", "replay", "one");
        (await tenant.GetAsync("/v1/replays/one/diff?metric=magic")).ShouldBeProblem(400, "not_allowed", "metric", "retention");
        (await other.GetAsync("/v1/metrics/revenue?replay=one")).ShouldBeProblem(400, "unknown_replay", "replay");
        (await other.DeleteAsync("/v1/replays/one")).ShouldBeProblem(404, "unknown_replay");
    }

    internal static async Task MakeAsync(TestTenant tenant, string body)
    {
        var begun = await tenant.PostAsync("/v1/replays", body);
        begun.Status.ShouldBe(202, begun.Text);
        var name = begun.Root.GetProperty("name").GetString();
        for (var replay = begun; replay.Root.GetProperty("status").GetString() != "ready"; replay = await tenant.GetAsync($"/v1/replays/{name}"))
        {
            replay.Root.GetProperty("status").GetString().ShouldBe("building", replay.Text);
            await Task.Delay(20, Ct);
        }
    }

    private static IEnumerable<JsonObject> Events(Random random)
    {
        for (var number = 0; number < 240; number++)
        {
            var customer = $"c{random.Next(12)}";
            var at = new DateTime(2025, 1, 1).AddHours(random.Next(330 * 24)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            yield return random.Next(12) switch
            {
                0 => Event("customer_registered", customer, at, new JsonObject { ["country"] = random.Next(2) == 0 ? "FI" : "SE" }, $"e{number}"),
                1 => Event("feedback_given", customer, at, new JsonObject { ["instrument"] = "nps", ["score"] = random.Next(11) }, $"e{number}"),
                2 => Event("complaint_received", customer, at, new JsonObject { ["complaintId"] = $"k{number}", ["channel"] = "email" }, $"e{number}"),
                3 => Event("complaint_replied", customer, at, new JsonObject { ["complaintId"] = $"k{random.Next(1 + number)}" }, $"e{number}"),
                4 => Event("event_retracted", customer, at, new JsonObject { ["eventId"] = $"e{(number + 1 + random.Next(239)) % 240}" }, $"e{number}"),
                5 when random.Next(2) == 0 => Event("customer_merged", customer, at, new JsonObject { ["into"] = $"c{12 + random.Next(3)}" }, $"e{number}"),
                6 => Event("purchase_refunded", customer, at, new JsonObject { ["orderId"] = $"o{random.Next(1 + number)}", ["amount"] = 3 }, $"e{number}"),
                _ => Event("purchase_made", customer, at, new JsonObject { ["orderId"] = $"o{number}", ["currency"] = "EUR", ["total"] = 10 + random.Next(90) }, $"e{number}"),
            };
        }
    }

    /// <summary>An answer without the positions, which are the log's, and the replay's name.</summary>
    private static string Apart(string answer) => Positions().Replace(answer, "");

    [GeneratedRegex("\"position\":[0-9]+,?|\"lastPosition\":[0-9]+,?|,\"replay\":\"then\"")]
    private static partial Regex Positions();
}
