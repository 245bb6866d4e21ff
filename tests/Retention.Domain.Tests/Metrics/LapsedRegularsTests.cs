using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class LapsedRegularsTests
{
    private static readonly LapsedRegularRules Rules = new(ThrottleDays: 30);

    // Gaps of 30, 28 and 32 days: median 30, standard deviation 2, mean 30.
    private static readonly int[] Monthly = [100, 130, 158, 190];

    [Fact]
    public void Who_bought_every_month_and_stays_away_for_more_than_two_is_one()
    {
        var criteria = LapsedRegulars.Of(Monthly, default, 251, Rules);

        criteria.IsLapsedRegular.ShouldBeTrue();
        criteria.ShouldBe(new LapsedRegularCriteria(
            new(4, true), new(2 / 30.0, true), new(61, true), 30, new(false, true), new(false, true), new(null, true)));
    }

    [Theory]
    [InlineData(190, false)]
    [InlineData(250, false)]
    [InlineData(251, true)]
    public void Exactly_two_gaps_are_not_more_than_two(int asOf, bool lapsed) =>
        LapsedRegulars.Of(Monthly, default, asOf, Rules).IsLapsedRegular.ShouldBe(lapsed);

    [Fact]
    public void Two_purchase_days_are_too_few_and_say_nothing_of_variation()
    {
        var criteria = LapsedRegulars.Of([100, 130], default, 400, Rules);

        (criteria.PurchaseDays, criteria.Variation, criteria.MedianGap).ShouldBe((new(2, false), new(null, false), 30));
        criteria.IsLapsedRegular.ShouldBeFalse();
        LapsedRegulars.Of([100, 130], default, 400, Rules with { PurchaseDays = 2 }).IsLapsedRegular.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, 2, 3, true)]
    [InlineData(1, 2, 4, false)]
    [InlineData(30, 60, 90, true)]
    [InlineData(29, 60, 90, false)]
    public void A_variation_of_exactly_one_half_is_little_enough(int first, int second, int third, bool met) =>
        LapsedRegulars.Of([0, first, first + second, first + second + third], default, 900, Rules).Variation.Met.ShouldBe(met);

    [Fact]
    public void A_customer_is_judged_by_purchase_days_complaints_requests_and_lines()
    {
        var asOf = Story.Moment("2026-06-30");
        var regular = Regular();
        var criteria = LapsedRegulars.Of(regular.View(), asOf, Rules);
        criteria.ShouldBe(new LapsedRegularCriteria(new(4, true), new(2 / 30.0, true), new(90, true), 30, new(false, true), new(false, true), new(null, true)));
        (criteria.IsLapsedRegular, criteria.Misses).ShouldBe((true, 0));

        Facts(Regular().Tells("2026-05-01", Received(1))).ShouldBe(new(false, true, null));
        Facts(Regular().Tells("2026-05-01", Received(1)).Tells("2026-05-02", new Fact.ComplaintReplied(1))).OpenComplaint.ShouldBeTrue();
        Facts(Regular().Tells("2026-05-01", Received(1)).Tells("2026-05-02", new Fact.ComplaintResolved(1, null))).OpenComplaint.ShouldBeFalse();
        Facts(Regular().Tells("2026-05-01", Received(1)).Tells("2026-05-02", new Fact.ComplaintWithdrawn(1))).OpenComplaint.ShouldBeFalse();
        Facts(Regular().Tells("2026-05-01", Received(1)).Tells("2026-05-02", new Fact.ComplaintWithdrawn(2))).OpenComplaint.ShouldBeTrue();
        Facts(Regular().Tells("2026-05-01", Received(1)).Tells("2026-05-02", new Fact.ComplaintResolved(1, null)).Tells("2026-05-03", new Fact.ComplaintReopened(1)))
            .OpenComplaint.ShouldBeTrue();
        Facts(Regular().Tells("2026-05-01", new Fact.ComplaintReopened(1))).OpenComplaint.ShouldBeFalse();
        Facts(Regular().Tells("2026-06-20", Asked()).Tells("2026-05-01", Asked())).LastAsked.ShouldBe(Story.Day("2026-06-20").DayNumber);

        LapsedRegularFacts Facts(Story story) => LapsedRegularFacts.Of(story.View());
        static Story Regular() => Story.OfOrders("2026-01-01", "2026-01-31", "2026-01-31 18:00", "2026-02-28", "2026-04-01");
        static Fact.ComplaintReceived Received(long complaint) => new(complaint, null, null, null, null);
        static Fact.Request Asked() => new(1, Instrument.Nps, null, null);
    }

    [Fact]
    public void Only_who_is_known_to_have_bought_nothing_else_bought_one_off_products()
    {
        OnlyOneOff([Grinder]).ShouldBeTrue();
        OnlyOneOff([Grinder], [Grinder, Machine]).ShouldBeTrue();
        OnlyOneOff([Grinder], [Machine, Tea]).ShouldBeFalse();
        OnlyOneOff([Grinder], []).ShouldBeFalse();
        OnlyOneOff([Grinder], null).ShouldBeFalse();
        OnlyOneOff().ShouldBeFalse();

        static bool OnlyOneOff(params BoughtLine[]?[] orders)
        {
            var story = new Story();
            foreach (var lines in orders)
            {
                var details = lines is null ? null : new PurchaseDetails(lines, ["SPRING"]);
                story.Tells("2026-01-01", new Fact.Purchase(story.Told.Count, 100, null, null, details));
            }
            return LapsedRegularFacts.Of(story.View()).OnlyOneOff;
        }
    }

    private static BoughtLine Grinder => new("grinder", "", true);

    private static BoughtLine Machine => new("machine", "", true);

    private static BoughtLine Tea => new("tea", "", false);

    [Fact]
    public void Each_reason_to_leave_somebody_out_is_enough_and_is_told()
    {
        LapsedRegulars.Of(Monthly, new(OnlyOneOff: true, false, null), 300, Rules).OnlyOneOff.ShouldBe(new(true, false));
        LapsedRegulars.Of(Monthly, new(OnlyOneOff: true, false, null), 300, Rules).IsLapsedRegular.ShouldBeFalse();
        LapsedRegulars.Of(Monthly, new(false, OpenComplaint: true, null), 300, Rules).OpenComplaint.ShouldBe(new(true, false));
        LapsedRegulars.Of(Monthly, new(false, OpenComplaint: true, null), 300, Rules).IsLapsedRegular.ShouldBeFalse();
        LapsedRegulars.Of(Monthly, new(false, false, LastAsked: 290), 300, Rules).DaysSinceAsked.ShouldBe(new(10, false));
        LapsedRegulars.Of(Monthly, new(false, false, LastAsked: 290), 300, Rules).IsLapsedRegular.ShouldBeFalse();
    }

    [Theory]
    [InlineData(300, 30, false)]
    [InlineData(271, 30, false)]
    [InlineData(270, 30, true)]
    [InlineData(300, 0, true)]
    public void After_the_throttle_one_may_be_asked_again(int asked, int throttle, bool met) =>
        LapsedRegulars.Of(Monthly, new(false, false, asked), 300, Rules with { ThrottleDays = throttle }).DaysSinceAsked.Met.ShouldBe(met);

    [Fact]
    public void Every_threshold_is_a_parameter()
    {
        LapsedRegulars.Of(Monthly, default, 251, Rules with { PurchaseDays = 5 }).PurchaseDays.Met.ShouldBeFalse();
        LapsedRegulars.Of(Monthly, default, 251, Rules with { Variation = 0.05 }).Variation.Met.ShouldBeFalse();
        LapsedRegulars.Of(Monthly, default, 251, Rules with { Gaps = 2.1 }).DaysSinceLast.Met.ShouldBeFalse();
        LapsedRegulars.Of(Monthly, default, 236, Rules with { Gaps = 1.5 }).IsLapsedRegular.ShouldBeTrue();
    }

    [Fact]
    public void Who_never_bought_meets_nothing_and_has_no_figures()
    {
        var criteria = LapsedRegulars.Of([], default, 300, Rules);

        (criteria.PurchaseDays, criteria.Variation, criteria.DaysSinceLast, criteria.MedianGap)
            .ShouldBe((new(0, false), new(null, false), new(null, false), null));
    }

    [Fact]
    public void Figures_equal_their_definitions_for_any_gaps() =>
        Prop.ForAll<PositiveInt[]>(given =>
        {
            var gaps = given.Concat(given).Concat(given).Select(gap => gap.Get).ToArray();
            var days = gaps.Aggregate(new List<int> { 7 }, (so, gap) => [.. so, so[^1] + gap]).ToArray();
            var criteria = LapsedRegulars.Of(days, default, days[^1] + 5, Rules);
            criteria.MedianGap.ShouldBe(Percentiles.Of([.. gaps.Select(gap => (double)gap).Order()], 0.5));
            criteria.DaysSinceLast.Value.ShouldBe(5);
            if (gaps.Length < 2) return;
            var mean = gaps.Average();
            criteria.Variation.Value!.Value.ShouldBe(Math.Sqrt(gaps.Sum(gap => (gap - mean) * (gap - mean)) / (gaps.Length - 1)) / mean, 1e-12);
        }).QuickCheckThrowOnFailure();
}
