using System.Globalization;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>
/// What a shop tells over a year, and in which order: orders with refunds and cancellations, answers that are revised and withdrawn,
/// complaints, customers that are merged and not after all, events that are retracted and sent anew, settings that change. Much of it is late.
/// </summary>
internal sealed class CorrectedShop
{
    private static readonly DateTimeOffset NewYear = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random random;
    private readonly List<Told> told = [];

    public CorrectedShop(int seed, int customers = 8)
    {
        random = new Random(seed);
        for (var customer = 0; customer < customers; customer++) TellOf($"c{customer}");
        for (var i = 0; i < 4; i++) TellOfIdentities(customers);
        var order = told.ToArray();
        random.Shuffle(order);
        // Retractions come anywhere, also before what they retract; what is sent anew under an id comes after its retraction.
        Sendings = [.. order.SelectMany(Corrected)];
        Settle();
    }

    /// <summary>In the order in which they are sent: events, or a change of settings.</summary>
    public List<Sending> Sendings { get; }

    /// <returns>The tenant's position after each sending.</returns>
    public static async Task<long[]> SendAsync(TestTenant tenant, IEnumerable<Sending> sendings)
    {
        var positions = new List<long>();
        foreach (var sending in sendings)
        {
            var answer = sending.Settings is { } settings ? await tenant.PutAsync("/v1/settings", settings) : await tenant.SendAsync(sending.Events);
            answer.Status.ShouldBe(200, answer.Text);
            if (sending.Settings is null) answer.List("rejected").ShouldBeEmpty(answer.Text);
            positions.Add(answer.Number("position"));
        }
        return [.. positions];
    }

    private void TellOf(string name)
    {
        Tell(Event("customer_registered", name, Day(random.Next(30)), new JsonObject { ["country"] = Any("FI", "SE"), ["channel"] = Any("web", "shop") }));
        if (random.Next(3) == 0) Tell(Event("customer_changed", name, Day(random.Next(300)), new JsonObject { ["attributes"] = new JsonObject { ["tier"] = Any("gold", "iron") } }));
        if (random.Next(4) == 0) Tell(Event("customer_departed", name, Day(random.Next(300)), []));
        for (var (number, day) = (0, random.Next(90)); number < 5 && random.Next(6) > 0; number++, day += random.Next(1, 70))
        {
            var (at, later) = (Day(day), Day(day + random.Next(1, 40)));
            Tell(Order(name, at, random.Next(1, 9_999) / 100m, new JsonObject { ["channel"] = Any("web", "shop") }));
            if (random.Next(6) == 0) Tell(Refund(name, at, later, 5));
            if (random.Next(8) == 0) Tell(Refund(name, at, later, 200).With("id", $"\"{name}-{number}-all\""));
            if (random.Next(9) == 0) Tell(Cancel(name, at, later));
            if (random.Next(3) == 0) TellOfAnswer(name, later, number);
            if (random.Next(4) == 0) TellOfComplaint(name, at, later, number);
        }
        TellOfLapse(name);
    }

    private void TellOfLapse(string name)
    {
        foreach (var number in Enumerable.Range(0, random.Next(3)))
        {
            Tell(Event("lapse_reason_given", name, Day(random.Next(330)), new JsonObject { ["reason"] = Any("price", "quality", "moved") }, $"l-{name}-{number}"));
            var (request, asked) = ($"q-{name}-{number}", random.Next(300));
            Tell(Event("feedback_requested", name, Day(asked), new JsonObject { ["requestId"] = request, ["instrument"] = "csat" }, request));
            if (random.Next(2) == 0) Tell(Event("feedback_given", name, Day(asked + random.Next(20)), new JsonObject { ["instrument"] = "csat", ["score"] = random.Next(1, 6), ["requestId"] = request }, $"g-{name}-{number}"));
        }
    }

    private void TellOfAnswer(string name, string at, int number)
    {
        var answer = Score(name, at, Any("nps", "csat", "ces"), random.Next(1, 6)).With("id", $"\"a-{name}-{number}\"");
        Tell(answer);
        var about = new JsonObject { ["feedbackId"] = answer["id"]!.GetValue<string>() };
        if (random.Next(3) == 0) Tell(Event("feedback_revised", name, at[..8] + "27", new JsonObject { ["feedbackId"] = answer["id"]!.GetValue<string>(), ["score"] = 2 }, $"r-{name}-{number}"));
        if (random.Next(4) == 0) Tell(Event("feedback_withdrawn", name, at[..8] + "28", about, $"w-{name}-{number}"));
    }

    private void TellOfComplaint(string name, string at, string later, int number)
    {
        Tell(Complaint(name, at, $"{name}-{number}"), Replied(name, later, $"{name}-{number}"));
        if (random.Next(2) == 0) Tell(Resolved(name, later, $"{name}-{number}"));
    }

    private void TellOfIdentities(int customers)
    {
        var (one, into, day) = (random.Next(customers), random.Next(customers + 1), random.Next(300));
        if (one == into) return;
        Tell(Event("customer_merged", $"c{one}", Day(day), new JsonObject { ["into"] = $"c{into}" }, $"m-{one}-{into}-{day}"));
        if (random.Next(2) == 0) Tell(Event("customer_unmerged", $"c{one}", Day(day + 1), new JsonObject { ["into"] = $"c{into}" }, $"u-{one}-{into}-{day}"));
    }

    private IEnumerable<Sending> Corrected(Told told)
    {
        var (sent, retraction) = (told.Events, told.Events.Select(Retraction).ToArray());
        if (random.Next(9) != 0) return [new(sent)];
        return random.Next(3) switch
        {
            0 => [new(sent), new(retraction)],
            1 => [new(retraction), new(sent)],
            _ => [new(sent), new(retraction), new([.. sent.Select(Otherwise)])],
        };
    }

    /// <summary>Settings change twice, and what is corrected is torn apart, in order.</summary>
    private void Settle()
    {
        foreach (var i in Enumerable.Range(0, Sendings.Count / 2)) Delay(random.Next(Sendings.Count - 1));
        Sendings.Insert(Sendings.Count / 3, new([]) { Settings = """{ "activity": { "kind": "window", "days": 40 }, "minN": 1 }""" });
        Sendings.Insert(Sendings.Count * 2 / 3, new([]) { Settings = """{ "refunds": "refund", "timeZone": "Asia/Kolkata" }""" });
    }

    // Exchanges neighbours, unless both are of one customer: a retraction and what is sent anew keep their order.
    private void Delay(int at)
    {
        if (Customers(Sendings[at]).Intersect(Customers(Sendings[at + 1])).Any()) return;
        (Sendings[at], Sendings[at + 1]) = (Sendings[at + 1], Sendings[at]);
    }

    private static IEnumerable<string> Customers(Sending sending) => sending.Events.Select(sent => sent["customer"]!.GetValue<string>());

    private static JsonObject Retraction(JsonObject sent) =>
        Event("event_retracted", sent["customer"]!.GetValue<string>(), "2025-06-01", new JsonObject { ["eventId"] = sent["id"]!.GetValue<string>() }, $"x-{sent["id"]}");

    private static JsonObject Otherwise(JsonObject sent) =>
        sent["data"]!.AsObject().ContainsKey("total") ? sent.With("data.total", "77.77") : sent.With("occurredAt", "\"2025-05-05T05:05:05Z\"");

    private void Tell(params JsonObject[] events) => told.Add(new Told(events));

    private string Any(params string[] words) => words[random.Next(words.Length)];

    private static string Day(int day) => NewYear.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Told(JsonObject[] Events);
}

/// <summary>What is sent at once.</summary>
internal sealed record Sending(JsonObject[] Events)
{
    /// <summary>A change of settings, instead of events.</summary>
    public string? Settings { get; init; }
}
