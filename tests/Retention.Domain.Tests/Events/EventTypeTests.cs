using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Events;

public class EventTypeTests
{
    // One of each type with every member, as it is stored, and what it means for figures.
    private static readonly Dictionary<string, (string Data, Func<Fact> Fact)> Fixtures = new()
    {
        ["customer_registered"] = (
            """{"channel":"web","campaign":"spring","country":"FI","acquisitionCost":3.5,"attributes":{"country":"SE","tier":"gold","vip":true,"since":2020,"left":null}}""",
            () => new Fact.Profile(true, Attributes(("campaign", "spring"), ("channel", "web"), ("country", "FI"), ("left", null), ("since", "2020"), ("tier", "gold"), ("vip", "true")))),
        ["customer_changed"] = (
            """{"attributes":{"tier":"silver","vip":false,"country":null}}""",
            () => new Fact.Profile(false, Attributes(("country", null), ("tier", "silver"), ("vip", "false")))),
        ["purchase_made"] = (
            """
            {"orderId":"o-1","currency":"EUR","lines":[{"sku":"tea","category":"drinks","quantity":2,"unitPrice":10.25,"oneOff":true},{"quantity":0.5,"unitPrice":1.01}],
             "gross":21.01,"discounts":[{"code":"SPRING","kind":"code","amount":1},{"amount":0.5}],"storeCredit":2.25,"tax":4,"shipping":5,"margin":-3.00005,"channel":"app"}
            """,
            () => new Fact.Purchase(
                Fact.Key("o-1"), 172_550, -30_001, "app", new PurchaseDetails([new("tea", "drinks", true), new("", "", false)], ["SPRING"]))),
        ["purchase_refunded"] = ("""{"orderId":"o-1","amount":10.5,"reason":"broken","lines":[]}""", () => new Fact.Refund(Fact.Key("o-1"), 105_000)),
        ["purchase_cancelled"] = ("""{"orderId":"o-1","reason":"late"}""", () => new Fact.Cancellation(Fact.Key("o-1"))),
        ["complaint_received"] = (
            """{"complaintId":"c-1","channel":"email","category":"delivery","severity":"high","orderId":"o-1","text":"where is it"}""",
            () => new Fact.ComplaintReceived(Fact.Key("c-1"), "email", "delivery", Fact.Key("o-1"))),
        ["complaint_replied"] = ("""{"complaintId":"c-1"}""", () => new Fact.ComplaintReplied(Fact.Key("c-1"))),
        ["complaint_resolved"] = ("""{"complaintId":"c-1","remedy":"voucher"}""", () => new Fact.ComplaintResolved(Fact.Key("c-1"))),
        ["feedback_given"] = (
            """{"instrument":"csat","score":4,"requestId":"q-1","scaleMin":1,"scaleMax":5,"topBox":2,"touchpoint":"checkout","channel":"sms","comment":"fine"}""",
            () => new Fact.Answer(Instrument.Csat, 4, "checkout", "sms", Fact.Key("q-1"))),
    };

    public static TheoryData<string> Names => [.. EventType.All.Select(type => type.Name)];

    [Fact]
    public void Every_event_of_the_vocabulary_has_a_stored_name_and_a_fixture()
    {
        var events = typeof(CustomerEvent).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(CustomerEvent)));

        EventType.All.Select(type => type.ClrType).ShouldBe(events, ignoreOrder: true);
        EventType.All.Select(type => type.Name).ShouldBe(Fixtures.Keys, ignoreOrder: true);
        EventType.All.ShouldAllBe(type => EventType.Named(type.Name) == type);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Stored_data_reads_as_the_event_and_is_stored_as_it_was(string name)
    {
        var data = JsonElement.Parse(Fixtures[name].Data);
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
        var fact = Fact.Of(Read(name, JsonElement.Parse(Fixtures[name].Data)));

        fact.ShouldBeOfType(Fixtures[name].Fact().GetType());
        JsonSerializer.Serialize<object>(fact).ShouldBe(JsonSerializer.Serialize<object>(Fixtures[name].Fact()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Free_text_is_a_member_of_its_event(string name)
    {
        var members = JsonElement.Parse(Fixtures[name].Data).EnumerateObject().Select(member => member.Name);

        EventType.Named(name)!.FreeText.ShouldBeSubsetOf(members);
    }

    [Fact]
    public void A_total_that_is_given_decides_over_the_lines()
    {
        var data = JsonElement.Parse("""{"orderId":"o","currency":"EUR","total":0,"lines":[{"quantity":1,"unitPrice":5}]}""");

        ((Fact.Purchase)Fact.Of(Read("purchase_made", data))).Total.ShouldBe(0);
    }

    [Fact]
    public void A_name_outside_of_the_vocabulary_has_no_type() => EventType.Named("PurchaseMade").ShouldBeNull();

    [Theory]
    [InlineData("7")]
    [InlineData("nps,csat")]
    [InlineData("mood")]
    public void An_instrument_outside_of_the_vocabulary_has_no_fact(string instrument) =>
        Should.Throw<ArgumentException>(() => Fact.Of(new CustomerEvent.FeedbackGiven(instrument, 1, null, null, null, null, null, null, null)));

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
