using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Events;

public class UpcastsTests
{
    // Spelled as a Marten client does that is set up as the documentation says.
    private static readonly JsonSerializerOptions Marten = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static TheoryData<string, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<string, int>();
            foreach (var (type, today) in Upcasts.OfVocabulary.Today)
                for (var version = Upcasts.Unversioned; version <= today; version++) shapes.Add(type, version);
            return shapes;
        }
    }

    public static TheoryData<string> Types => [.. EventType.All.Select(type => type.Name)];

    [Fact]
    public void Every_version_of_every_type_has_a_golden_file_and_no_file_is_left_over() =>
        Golden.All.ShouldBe(Shapes.Select(shape => (shape.Data.Item1, shape.Data.Item2)), ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_shape_ever_written_reads_as_an_event_of_today(string type, int version)
    {
        var data = Upcasts.OfVocabulary.Apply(type, version, Golden.Of(type, version));

        if (type == SettingsChanged.Name)
        {
            SettingsChanged.Read(data).Same(SettingsChanged.Read(Golden.Today(type))).ShouldBeTrue();
            return;
        }
        if (type == ClvModelFitted.Name)
        {
            ClvModelFitted.Read(data).ToData().ShouldBe(ClvModelFitted.Read(Golden.Today(type)).ToData());
            return;
        }
        var faults = new List<Fault>();
        var fields = new Fields(data, "data", faults);
        EventType.Named(type)!.Read(fields).ShouldBeOfType(EventType.Named(type)!.ClrType);
        faults.ShouldBeEmpty();
        fields.Unknown.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Data_of_a_client_without_camel_case_means_the_same(string type) =>
        Text(Read(type, Upcasts.OfVocabulary.Apply(type, Upcasts.Unversioned, Golden.Of(type, 0)))).ShouldBe(Text(Read(type, Golden.Of(type, 1))));

    [Theory]
    [MemberData(nameof(Types))]
    public void A_plain_serializer_reads_what_is_stored_as_the_same_event(string type)
    {
        var read = (CustomerEvent)Golden.Today(type).Deserialize(EventType.Named(type)!.ClrType, Marten)!;

        Text(read).ShouldBe(Text(Read(type, Golden.Today(type))));
    }

    [Theory]
    [InlineData("""{"instrument":"csat","score":4.0,"scaleMax":5.00}""", "4.0 is a whole number")]
    [InlineData("""{"instrument":"nps","score":9,"unknown":{"a":[1]}}""", "unknown members are passed over")]
    public void A_plain_serializer_reads_whatever_was_accepted(string data, string reason)
    {
        var stored = JsonElement.Parse(data);

        Text(stored.Deserialize<CustomerEvent.FeedbackGiven>(Marten)!).ShouldBe(Text(Read("feedback_given", stored)), reason);
    }

    [Theory]
    [InlineData("""{"OrderId":"o","orderId":"kept"}""", """{"OrderId":"o","orderId":"kept"}""")]
    [InlineData("""{"orderId":"o","own":{"Name":[{"A":1}]}}""", """{"orderId":"o","own":{"Name":[{"A":1}]}}""")]
    [InlineData("""{"Own":{"Name":1},"Tags":["A",{"B":2}]}""", """{"own":{"Name":1},"tags":["A",{"b":2}]}""")]
    [InlineData("""{"total":49.90,"Big":1e400}""", """{"total":49.90,"big":1e400}""")]
    [InlineData("""[{"A":1}]""", """[{"A":1}]""")]
    [InlineData("7", "7")]
    public void Unknown_members_pass_through(string stored, string read) =>
        Upcasts.OfVocabulary.Apply("purchase_made", Upcasts.Unversioned, JsonElement.Parse(stored)).GetRawText().ShouldBe(read);

    [Fact]
    public void Types_of_others_stay_as_they_are() =>
        Upcasts.OfVocabulary.Apply("LoyaltyJoined", 7, JsonElement.Parse("""{"Tier":1}""")).GetRawText().ShouldBe("""{"Tier":1}""");

    [Fact]
    public void A_version_that_is_newer_than_the_program_is_named()
    {
        var fault = Should.Throw<NewerShapeException>(() => Upcasts.OfVocabulary.Apply("purchase_made", 2, JsonElement.Parse("{}")));

        fault.Message.ShouldBe("purchase_made has schema version 2; this program knows versions up to 1. Run the newer program.");
    }

    [Fact]
    public void Steps_follow_each_other_from_any_version_to_today()
    {
        var upcasts = new Upcasts(
            new Dictionary<string, int> { ["a"] = 3, ["b"] = 0 },
            [new("a", 2, Append("third")), new("a", 0, Append("first")), new("a", 1, Append("second"))]);

        Enumerable.Range(0, 4).Select(version => upcasts.Apply("a", version, JsonElement.Parse("""{"x":0}""")).GetRawText()).ShouldBe(
        [
            """{"x":0,"first":1,"second":1,"third":1}""", """{"x":0,"second":1,"third":1}""", """{"x":0,"third":1}""", """{"x":0}""",
        ]);
        Should.Throw<NewerShapeException>(() => upcasts.Apply("b", 1, JsonElement.Parse("{}")));
    }

    [Theory]
    [InlineData("a0 a1 a2")]
    [InlineData("a0")]
    [InlineData("a0 a0 a1")]
    [InlineData("a0 a1 b0")]
    [InlineData("a0 a-1 a1")]
    public void A_table_with_a_gap_or_a_step_that_leads_nowhere_is_refused(string steps) =>
        Should.Throw<ArgumentException>(() => new Upcasts(
            new Dictionary<string, int> { ["a"] = 2 },
            [.. steps.Split(' ').Select(step => new Upcast(step[..1], int.Parse(step[1..]), data => data))]));

    private static Func<JsonElement, JsonElement> Append(string name) => data =>
    {
        var node = JsonNode.Parse(data.GetRawText())!;
        node[name] = 1;
        return JsonElement.Parse(node.ToJsonString());
    };

    private static CustomerEvent Read(string type, JsonElement data) => EventType.Named(type)!.Read(new Fields(data, "data", []));

    private static string Text(CustomerEvent happened) => JsonSerializer.Serialize<object>(happened);
}
