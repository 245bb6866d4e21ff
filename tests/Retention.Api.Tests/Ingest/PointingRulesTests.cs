using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>What an event may point to, and the scales that its scores are on.</summary>
public sealed class PointingRulesTests(ServiceFixture service)
{
    /// <summary>The type, its data, and the fault; | parts its words. Each event is <c>own</c> of the source <c>test</c> and of customer c.</summary>
    public static TheoryData<string, string, string, string, string> Refused => new()
    {
        { "customer_merged", """{"into":"c"}""", "not_allowed", "data.into", "another customer" },
        { "customer_unmerged", """{"into":"c"}""", "not_allowed", "data.into", "another customer" },
        { "customer_merged", """{"into":".."}""", "not_allowed", "data.into", "URL" },
        { "customer_merged", """{"into":"a\u0007"}""", "control_character", "data.into", "control" },
        { "feedback_revised", """{"feedbackId":"own","score":1}""", "not_allowed", "data.feedbackId", "another event" },
        { "feedback_revised", """{"feedbackId":"own","source":"test"}""", "not_allowed", "data.feedbackId", "another event" },
        { "feedback_revised", """{"feedbackId":"a\t"}""", "control_character", "data.feedbackId", "control" },
        { "feedback_revised", """{"feedbackId":"a","source":""}""", "wrong_length", "data.source", "1 to 200" },
        { "feedback_revised", """{"feedbackId":"a","score":101}""", "out_of_range", "data.score", "-100 to 100" },
        { "feedback_withdrawn", """{"feedbackId":"own"}""", "not_allowed", "data.feedbackId", "another event" },
        { "feedback_withdrawn", """{"feedbackId":"a","score":-101}""", "out_of_range", "data.score", "-100 to 100" },
        { "event_retracted", """{"eventId":"own"}""", "not_allowed", "data.eventId", "another event" },
        { "event_retracted", """{"eventId":"a","source":"\u0001"}""", "control_character", "data.source", "control" },
        { "feedback_requested", """{"requestId":"q","instrument":"stars"}""", "not_allowed", "data.instrument", "nps, csat, ces" },
        { "feedback_bounced", """{"requestId":"q","instrument":"NPS"}""", "not_allowed", "data.instrument", "nps, csat, ces" },
        { "feedback_given", """{"instrument":"csat","score":1,"scaleMin":5,"scaleMax":1}""", "out_of_range", "data.scaleMax", "must rise|5 to 1" },
        { "feedback_given", """{"instrument":"csat","score":1,"scaleMin":6}""", "out_of_range", "data.scaleMin", "must rise|6 to 5" },
        { "feedback_given", """{"instrument":"csat","score":1,"scaleMax":101}""", "out_of_range", "data.scaleMax", "-100 to 100" },
        { "feedback_given", """{"instrument":"csat","score":1,"topBox":0}""", "out_of_range", "data.topBox", "from 1 to 4" },
        { "feedback_given", """{"instrument":"csat","score":1,"topBox":5}""", "out_of_range", "data.topBox", "from 1 to 4" },
        { "feedback_given", """{"instrument":"csat","score":8,"scaleMax":7}""", "out_of_range", "data.score", "1 to 7" },
        { "feedback_given", """{"instrument":"ces","score":8}""", "out_of_range", "data.score", "1 to 7" },
        { "feedback_given", """{"instrument":"ces","score":8,"scaleMax":10}""", "instrument_mismatch", "data.instrument", "1 to 7" },
        { "feedback_given", """{"instrument":"nps","score":10,"topBox":1}""", "instrument_mismatch", "data.instrument", "0 to 10|topBox 2" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task The_event_is_refused_by_its_path(string type, string data, string code, string path, string words)
    {
        var answer = await service.NewTenant("pointing").SendAsync(Event(type, "c", "2025-01-01", Parse(data), "own"));

        answer.ShouldRefuse(0, code, path, words.Split('|'));
    }

    [Theory]
    [InlineData("event_retracted", """{"eventId":"own","source":"elsewhere"}""")]
    [InlineData("feedback_revised", """{"feedbackId":"own","source":"elsewhere","score":-100}""")]
    [InlineData("feedback_withdrawn", """{"feedbackId":"never-seen"}""")]
    [InlineData("customer_merged", """{"into":"never-seen"}""")]
    [InlineData("complaint_replied", """{"complaintId":"never-seen"}""")]
    public async Task What_is_not_known_yet_may_be_pointed_to(string type, string data) =>
        await service.NewTenant("unknown").AcceptAsync(Event(type, "c", "2025-01-01", Parse(data), "own"));

    [Fact]
    public async Task The_first_answer_fixes_the_scale_of_satisfaction_and_a_refused_one_does_not()
    {
        var shop = service.NewTenant("scale");
        await shop.SendAsync(Score("c", "2025-01-01", "csat", 9).With("data.scaleMax", "7"));
        await shop.AcceptAsync(Score("c", "2025-01-02", "csat", 10).With("data.scaleMax", "10").With("data.topBox", "3"));

        (await shop.SendAsync(Score("c", "2025-01-03", "csat", 5)))
            .ShouldRefuse(0, "instrument_mismatch", "data.instrument", "1 to 10", "topBox 3");
        (await shop.SendAsync(Score("c", "2025-01-04", "csat", 11).With("data.scaleMax", "10").With("data.topBox", "3")))
            .ShouldRefuse(0, "out_of_range", "data.score", "1 to 10");
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
