using System.Text;
using Retention.Chaos.Fuzzing;

namespace Retention.Chaos.Tests;

/// <summary>A judge that finds no fault anywhere would prove nothing.</summary>
public sealed class JudgeTests
{
    private const string Problem = """{"code":"malformed","status":400,"errors":[{"path":"grain","code":"not_allowed","message":"must be a month"}]}""";

    private static readonly Operation Question = new("GET", "/v1/metrics/revenue", [], null, null, new HashSet<string> { "200", "400", "422", "500", "503", "429" });

    [Theory]
    [InlineData(200, "application/json", "{}")]
    [InlineData(200, "text/csv", "a,b\n\"'=1+1\",-5.2\n")]
    [InlineData(400, "application/problem+json", Problem)]
    public void A_right_answer_has_no_fault(int status, string media, string text) => Faults(status, media, text).ShouldBeEmpty();

    [Theory]
    [InlineData(500, "application/problem+json", """{"code":"internal_error","status":500,"errors":[]}""", "500 or above")]
    [InlineData(500, null, "", "500 or above")]
    [InlineData(503, "application/problem+json", """{"code":"database_unavailable","status":503,"errors":[]}""", "500 or above")]
    [InlineData(503, "application/problem+json", """{"code":"behind","status":503,"errors":[]}""", "no word when to try again")]
    [InlineData(400, "text/html", "<html>", "a refusal that is no problem document")]
    [InlineData(400, "application/problem+json", """{"status":400,"errors":[]}""", "a refusal that is no problem document")]
    [InlineData(400, "application/problem+json", """{"code":"x","status":422,"errors":[]}""", "a refusal that is no problem document")]
    [InlineData(400, "application/problem+json", """{"code":"x","status":400,"errors":[]}""", "a refusal that names no member or parameter")]
    [InlineData(400, "application/problem+json", """{"code":"x","status":400,"errors":[{"path":"a"},{"path":"a","code":"b","message":"c"}]}""", "an error without path, code and message")]
    [InlineData(422, "application/problem+json", """{"code":"x","status":422,"errors":[{"path":"a","code":"b","message":"c"}]}""", "422 where there is no body")]
    [InlineData(418, "application/problem+json", """{"code":"x","status":418,"errors":[]}""", "a status that the description does not name")]
    [InlineData(200, "application/json", "{", "an answer that does not parse")]
    [InlineData(200, "text/csv", "a,b\n1\n", "an answer that does not parse")]
    [InlineData(200, "text/csv", "a,b\n1,\"=1+1\"\n", "a formula in CSV")]
    [InlineData(200, "text/csv", "a,b\n1,-1+1\n", "a formula in CSV")]
    [InlineData(200, "text/csv", "a,b\n1,\t5\n", "a formula in CSV")]
    public void A_wrong_answer_has_one(int status, string? media, string text, string fault) => Faults(status, media, text).ShouldContain(fault);

    [Fact]
    public void An_unknown_parameter_may_not_be_passed_over() =>
        Judge.Faults(new Shot(Question, "t", "/v1/metrics/revenue?colour=red") { IsMisspelt = true }, new Reply(200, "application/json", "{}"u8.ToArray(), false)).ShouldHaveSingleItem();

    [Theory]
    [InlineData("""{"accepted":1,"duplicates":1,"rejected":[{}]}""", 3, 0)]
    [InlineData("""{"accepted":1,"duplicates":1,"rejected":[]}""", 3, 1)]
    public void Every_event_is_accounted_for(string text, int sent, int faults) => Judge.Faults(
        new Shot(Question, "t", "/v1/events") { Events = new SentEvents(sent, [], []) }, new Reply(200, "application/json", Encoding.UTF8.GetBytes(text), false)).Count().ShouldBe(faults);

    private static IEnumerable<string> Faults(int status, string? media, string text) =>
        Judge.Faults(new Shot(Question, "t", "/v1/metrics/revenue"), new Reply(status, media, Encoding.UTF8.GetBytes(text), SaysWhen: false));
}
