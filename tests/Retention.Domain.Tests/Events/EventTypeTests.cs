using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Events;

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
        ["complaint_received"] = () => new Fact.ComplaintReceived(Fact.Key("c-1"), "email", "delivery", Fact.Key("o-1")),
        ["complaint_replied"] = () => new Fact.ComplaintReplied(Fact.Key("c-1")),
        ["complaint_resolved"] = () => new Fact.ComplaintResolved(Fact.Key("c-1")),
        ["feedback_given"] = () => new Fact.Answer(Instrument.Csat, 4, "checkout", "sms", Fact.Key("q-1")),
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
        var fact = Fact.Of(Read(name, Golden.Today(name)));

        fact.ShouldBeOfType(Facts[name]().GetType());
        JsonSerializer.Serialize<object>(fact).ShouldBe(JsonSerializer.Serialize<object>(Facts[name]()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Free_text_is_a_member_of_its_event(string name)
    {
        var members = Golden.Today(name).EnumerateObject().Select(member => member.Name);

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
