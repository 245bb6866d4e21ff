using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Events;

public class EventTypeTests
{
    // What the golden file of each type, with every member, means for figures.
    private static readonly Dictionary<string, Func<Fact>> Facts = new()
    {
        ["customer_registered"] = () => new Fact.Profile(
            true, Attributes(("campaign", "spring"), ("channel", "web"), ("country", "FI"), ("left", null), ("since", "2020"), ("tier", "gold"), ("vip", "true"))),
        ["customer_changed"] = () => new Fact.Profile(false, Attributes(("country", null), ("tier", "silver"), ("vip", "false"))),
        ["purchase_made"] = () => new Fact.Purchase(
            Fact.Key("o-1"), 172_550, -30_001, "app", new PurchaseDetails([new("tea", "drinks", true), new("", "", false)], ["SPRING"])),
        ["purchase_refunded"] = () => new Fact.Refund(Fact.Key("o-1"), 105_000),
        ["purchase_cancelled"] = () => new Fact.Cancellation(Fact.Key("o-1")),
        ["customer_merged"] = () => new Fact.Merge("c-2"),
        ["customer_unmerged"] = () => new Fact.Unmerge("c-2"),
        ["customer_departed"] = () => new Fact.Departure("moved away"),
        ["complaint_received"] = () => new Fact.ComplaintReceived(Fact.Key("c-1"), "email", "delivery", "high", Fact.Key("o-1")),
        ["complaint_acknowledged"] = () => new Fact.ComplaintAcknowledged(Fact.Key("c-1")),
        ["complaint_replied"] = () => new Fact.ComplaintReplied(Fact.Key("c-1")),
        ["complaint_message"] = () => new Fact.ComplaintMessage(Fact.Key("c-1")),
        ["complaint_resolved"] = () => new Fact.ComplaintResolved(Fact.Key("c-1"), "voucher"),
        ["complaint_reopened"] = () => new Fact.ComplaintReopened(Fact.Key("c-1")),
        ["complaint_withdrawn"] = () => new Fact.ComplaintWithdrawn(Fact.Key("c-1")),
        ["feedback_requested"] = () => new Fact.Request(Fact.Key("q-1"), Instrument.Csat, "checkout", "sms"),
        ["feedback_bounced"] = () => new Fact.Bounce(Fact.Key("q-1"), Instrument.Csat),
        ["feedback_given"] = () => new Fact.Answer(Fact.Key("shop", "evt"), Instrument.Csat, 4, "checkout", "sms", Fact.Key("q-1")),
        ["feedback_revised"] = () => new Fact.Revision(Fact.Key("survey", "a-1"), 2),
        ["feedback_withdrawn"] = () => new Fact.Withdrawal(Fact.Key("survey", "a-1")),
        ["lapse_reason_given"] = () => new Fact.LapseReason("price"),
        ["event_retracted"] = () => new Fact.Retraction("till", "evt-1"),
    };

    public static TheoryData<string> Names => [.. EventType.All.Select(type => type.Name)];

    [Fact]
    public void Every_event_of_the_vocabulary_has_a_stored_name_and_a_meaning()
    {
        var events = typeof(CustomerEvent).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(CustomerEvent)));

        EventType.All.Select(type => type.ClrType).ShouldBe(events, ignoreOrder: true);
        EventType.All.Select(type => type.Name).ShouldBe(Facts.Keys, ignoreOrder: true);
        EventType.All.ShouldAllBe(type => EventType.Named(type.Name) == type);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Stored_data_reads_as_the_event_and_is_stored_as_it_was(string name)
    {
        var data = Golden.Today(name);
        var happened = Read(name, data);

        happened.ShouldBeOfType(EventType.Named(name)!.ClrType);
        EventType.Of(happened).Name.ShouldBe(name);
        var again = Read(name, EventType.ToData(happened));
        JsonSerializer.Serialize<object>(again).ShouldBe(JsonSerializer.Serialize<object>(happened));
        EventType.ToData(happened).EnumerateObject().Select(member => member.Name).ShouldBe(data.EnumerateObject().Select(member => member.Name), ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_event_means_its_fact(string name)
    {
        var fact = FactOf(Read(name, Golden.Today(name)));

        fact.ShouldBeOfType(Facts[name]().GetType());
        JsonSerializer.Serialize<object>(fact).ShouldBe(JsonSerializer.Serialize<object>(Facts[name]()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_people_write_is_sealed_and_never_enters_a_history(string name)
    {
        var type = EventType.Named(name)!;
        var written = type.Members.Where(member => member.MaxLength == Fields.MaxFreeText).Select(member => member.Name).ToList();

        written.ShouldBeSubsetOf(type.FreeText);
        foreach (var text in written)
        {
            var data = JsonNode.Parse(Golden.Today(name).GetRawText())!.AsObject();
            data[text] = "canary";
            var chunk = ChunkFormat.Write([new Entry(1, 0, 1, "shop", "evt", FactOf(Read(name, JsonElement.Parse(data.ToJsonString()))))]);
            foreach (var column in new[] { chunk.Core, chunk.Names, chunk.Details }) Encoding.UTF8.GetString(column).ShouldNotContain("canary");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_type_lists_exactly_the_members_that_it_reads(string name) =>
        EventType.Named(name)!.Members.Select(member => member.Name)
            .ShouldBe(EventType.Named(name)!.ClrType.GetConstructors()[0].GetParameters().Select(parameter => JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!)), ignoreOrder: true);

    [Fact]
    public void Without_a_source_of_its_own_a_target_is_of_the_events_source()
    {
        FactOf(Read("feedback_revised", JsonElement.Parse("""{"feedbackId":"a"}"""))).ShouldBe(new Fact.Revision(Fact.Key("shop", "a"), null));
        FactOf(Read("feedback_withdrawn", JsonElement.Parse("""{"feedbackId":"a"}"""))).ShouldBe(new Fact.Withdrawal(Fact.Key("shop", "a")));
        FactOf(Read("event_retracted", JsonElement.Parse("""{"eventId":"a"}"""))).ShouldBe(new Fact.Retraction("shop", "a"));
    }

    [Theory]
    [InlineData("ab", "c")]
    [InlineData("", "abc")]
    [InlineData("a", "1:bc")]
    public void Source_and_id_cannot_be_shifted_into_one_another(string source, string id) => Fact.Key(source, id).ShouldNotBe(Fact.Key("a", "bc"));

    [Theory]
    [InlineData("""{"instrument":"csat","score":3}""", 1, 5, 2)]
    [InlineData("""{"instrument":"csat","score":3,"scaleMax":7}""", 1, 7, 2)]
    [InlineData("""{"instrument":"csat","score":3,"scaleMin":0,"topBox":1}""", 0, 5, 1)]
    [InlineData("""{"instrument":"ces","score":3}""", 1, 7, 3)]
    [InlineData("""{"instrument":"nps","score":3}""", 0, 10, 2)]
    public void An_answer_is_on_its_own_scale_or_its_instruments(string data, int min, int max, int topBox) =>
        ((Fact.Answer)FactOf(Read("feedback_given", JsonElement.Parse(data)))).Scale.ShouldBe(new Scale(min, max, topBox));

    [Fact]
    public void A_total_that_is_given_decides_over_the_lines()
    {
        var data = JsonElement.Parse("""{"orderId":"o","currency":"EUR","total":0,"lines":[{"quantity":1,"unitPrice":5}]}""");

        ((Fact.Purchase)FactOf(Read("purchase_made", data))).Total.ShouldBe(0);
    }

    [Fact]
    public void A_name_outside_of_the_vocabulary_has_no_type() => EventType.Named("PurchaseMade").ShouldBeNull();

    [Theory]
    [InlineData("7")]
    [InlineData("nps,csat")]
    [InlineData("mood")]
    public void An_instrument_outside_of_the_vocabulary_has_no_fact(string instrument) =>
        Should.Throw<ArgumentException>(() => FactOf(new CustomerEvent.FeedbackGiven(instrument, 1, null, null, null, null, null, null, null)));

    private static Fact FactOf(CustomerEvent happened) => Fact.Of(happened, "shop", "evt");

    private static CustomerEvent Read(string name, JsonElement data)
    {
        var faults = new List<Fault>();
        var fields = new Fields(data, "data", faults);
        var happened = EventType.Named(name)!.Read(fields);
        faults.ShouldBeEmpty();
        fields.Unknown.ShouldBe(0);
        return happened;
    }

    private static SortedDictionary<string, string?> Attributes(params (string Name, string? Value)[] attributes)
    {
        var sorted = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in attributes) sorted[name] = value;
        return sorted;
    }
}
