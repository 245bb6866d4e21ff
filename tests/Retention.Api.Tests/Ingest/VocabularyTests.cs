using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>Every type of the contract, from HTTP into the log and out again.</summary>
public sealed class VocabularyTests(ServiceFixture service)
{
    public static TheoryData<string> Types => [.. Contract.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task The_fullest_and_the_smallest_form_are_accepted_and_shown_and_exported_as_sent(string type)
    {
        var shop = service.NewTenant("words");
        var stranger = Contract.FullestData(type);
        stranger["own"] = JsonNode.Parse("""{"nested":[1.50,null,"x"]}""");
        JsonObject[] sent =
        [
            Event(type, "c", "2025-01-01T14:00:00+02:00", Contract.FullestData(type), "full"),
            Event(type, "c", "2025-01-02T14:00:00.1234567-08:00", Contract.SmallestData(type), "small"),
            Event(type, "c", "2025-01-03T14:00:00+00:00", stranger, "strange"),
        ];

        (await shop.AcceptAsync(sent)).Number("warnings").ShouldBe(1);

        var timeline = (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline");
        timeline.Select(entry => entry.GetProperty("type").GetString()).ShouldBe([type, type, type]);
        timeline.Zip(sent).ShouldAllBe(pair => JsonElement.DeepEquals(pair.First.GetProperty("data"), pair.Second["data"]!.ToElement()));
        var lines = (await shop.GetAsync($"/v1/events?type={type}")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var exported = lines[..^1].Select(line => Sent(JsonNode.Parse(line)!.AsObject())).ToList();
        exported.Zip(sent).ShouldAllBe(pair => JsonNode.DeepEquals(pair.First, pair.Second));
        var again = await shop.PostAsync("/v1/events", string.Join('\n', lines), "application/x-ndjson");
        (again.Number("accepted"), again.Number("duplicates")).ShouldBe((0, 3), again.Text);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_member_that_misses_or_misfits_is_refused_by_its_path(string type)
    {
        var expected = new List<(string Path, string Code)>();
        var bad = new List<JsonObject>();
        var whole = Event(type, "c", "2025-01-01", Contract.FullestData(type));
        foreach (var member in Contract.Members(type))
        {
            if (member.Required) Spoil(member, null, "required");
            if (member.Required) Spoil(member, "null", "required");
            foreach (var (json, code) in member.Misfits) Spoil(member, json, code);
        }

        var answer = await service.NewTenant("misfits").SendAsync(bad);

        answer.List("rejected").Select(refused => (refused.GetProperty("errors")[0].GetProperty("path").GetString()!, refused.GetProperty("code").GetString()!))
            .ShouldBe(expected, answer.Text);

        void Spoil(ContractMember member, string? json, string code)
        {
            bad.Add(whole.With("id", $"\"{bad.Count}\"").With($"data.{member.Name}", json));
            expected.Add(($"data.{member.Name}", code));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_member_that_is_null_is_absent_unless_it_is_required(string type)
    {
        var data = Contract.SmallestData(type);
        foreach (var member in Contract.Members(type))
            if (!data.ContainsKey(member.Name)) data[member.Name] = null;

        await service.NewTenant("nulls").AcceptAsync(Event(type, "c", "2025-01-01", data));
    }

    [Fact]
    public async Task What_speaks_about_the_record_holds_whenever_it_says_it_happened()
    {
        var shop = service.NewTenant("record");
        await shop.AcceptAsync(
            Event("customer_merged", "c", "2025-03-01", Contract.SmallestData("customer_merged")),
            Event("event_retracted", "c", "2025-03-01", Contract.SmallestData("event_retracted")),
            Event("customer_departed", "c", "2025-03-01", []));

        var timeline = (await shop.AskAsync("/v1/customers/c/timeline?asOf=2025-02-01")).List("timeline");

        timeline.Select(entry => $"{entry.GetProperty("type").GetString()} {entry.GetProperty("effect").GetString()}")
            .ShouldBe(["customer_departed not_yet", "customer_merged counts", "event_retracted counts"], ignoreOrder: true);
    }

    /// <summary>An exported line without what the service has added.</summary>
    private static JsonObject Sent(JsonObject line)
    {
        foreach (var added in (string[])["position", "recordedAt", "eventId"]) line.Remove(added).ShouldBeTrue();
        return line;
    }
}
