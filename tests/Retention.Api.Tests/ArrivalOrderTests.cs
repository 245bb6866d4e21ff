using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests;

/// <summary>Late, shuffled and repeated events give byte for byte the answers that the same events give in order.</summary>
public sealed partial class ArrivalOrderTests(ServiceFixture service)
{
    private static readonly string[] Questions =
    [
        "/v1/cohorts?grain=month", "/v1/cohorts?grain=week&mode=on_or_after", "/v1/cohorts?grain=month&measure=revenue",
        "/v1/metrics/retention?grain=month", "/v1/metrics/revenue?grain=week", "/v1/metrics/clv?grain=month", "/v1/metrics/nps?grain=month",
        "/v1/metrics/csat?grain=quarter", "/v1/metrics/ces?grain=year", "/v1/metrics/complaints?grain=month",
    ];

    private static readonly string[] Variants =
    [
        "", "&tz=Asia/Kolkata", "&tz=America/St_Johns&activity=window:20d", "&refunds=refund", "&activity=window:45d&refunds=refund",
    ];

    private static readonly DateTimeOffset NewYear = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Moments = ["2025-03-15T10:00:00Z", "2025-07-01", "2025-12-31"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Shuffled_and_repeated_sendings_are_answered_like_the_ordered_one(int seed)
    {
        var random = new Random(seed);
        var events = Events(random).ToList();
        var (ordered, shuffled) = (service.NewTenant("ordered"), service.NewTenant("shuffled"));
        await ordered.AcceptAsync([.. events.OrderBy(sent => sent["occurredAt"]!.GetValue<string>(), StringComparer.Ordinal)]);

        var twice = events.Concat(events.Where(_ => random.Next(3) == 0)).ToArray();
        random.Shuffle(twice);
        foreach (var part in twice.Chunk(17))
        {
            (await shuffled.SendAsync(part)).List("rejected").ShouldBeEmpty();
            // Some parts are reflected before the next arrives, others together with it.
            if (random.Next(2) == 0) await shuffled.AskAsync("/v1/metrics/revenue");
        }

        foreach (var question in
            from question in Questions from variant in Variants from moment in Moments select $"{question}{variant}&asOf={moment}")
        {
            var expected = Apart((await ordered.AskAsync(question)).Text);
            expected.Length.ShouldBeGreaterThan(200);
            Apart((await shuffled.AskAsync(question)).Text).ShouldBe(expected, question);
        }
    }

    [Fact]
    public async Task Of_two_purchases_of_one_order_at_one_time_the_smaller_source_and_id_count_in_either_order()
    {
        var (first, second) = (service.NewTenant("first"), service.NewTenant("second"));
        var (a, b) = (Order("c", "2025-01-01", 10).With("id", "\"a\""), Order("c", "2025-01-01", 20).With("id", "\"b\""));
        await first.AcceptAsync(a, b);
        await second.AcceptAsync(b);
        await second.AskAsync("/v1/metrics/revenue");
        await second.AcceptAsync(a);

        foreach (var shop in new[] { first, second })
        {
            var row = (await shop.AskAsync("/v1/metrics/revenue?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
            (row.GetProperty("orders").GetInt64(), row.GetProperty("revenue").GetRawText()).ShouldBe((1, "10.00"));
        }
    }

    /// <summary>
    /// Thirty customers over most of a year, with refunds, cancellations, second purchases of one order, answers and complaints.
    /// </summary>
    private static IEnumerable<JsonObject> Events(Random random)
    {
        for (var customer = 0; customer < 30; customer++)
        {
            var (name, number, at) = ($"c{customer}", 0, NewYear.AddMinutes(random.Next(60 * 24 * 90)));
            for (; number < 5 && random.Next(5) > 0; number++, at = at.AddMinutes(random.Next(60 * 24 * 60)))
            {
                var (time, later) = (Time(at), Time(at.AddDays(random.Next(1, 40))));
                var total = random.Next(1, 9_999) / 100m;
                yield return Order(name, time, total);
                if (random.Next(6) == 0) yield return Order(name, time, total + 1).With("id", $"\"{name}-{number}-again\"");
                if (random.Next(8) == 0) yield return Refund(name, time, later, total);
                if (random.Next(4) == 0) yield return Refund(name, time, later, 0.01m + Math.Round(total / 3, 2)).With("id", $"\"{name}-{number}-part\"");
                if (random.Next(8) == 0) yield return Cancel(name, time, later);
                if (random.Next(3) == 0) yield return Score(name, later, "nps", random.Next(11));
                if (random.Next(3) == 0) yield return Score(name, later, "csat", random.Next(1, 6));
                if (random.Next(3) == 0) yield return Score(name, later, "ces", random.Next(1, 8));
                if (random.Next(4) != 0) continue;
                yield return Complaint(name, time, $"{name}-{number}");
                yield return Resolved(name, later, $"{name}-{number}");
            }
        }
    }

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Apart(string answer) => Position().Replace(answer, "");

    [GeneratedRegex("\"position\":[0-9]+,")]
    private static partial Regex Position();
}
