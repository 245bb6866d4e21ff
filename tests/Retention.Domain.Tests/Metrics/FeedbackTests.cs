using Retention.Domain.Customers;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class FeedbackTests
{
    [Fact]
    public void A_revision_changes_the_score_where_the_answer_was_given()
    {
        var given = new Story().Tells("2026-01-05", Answer(1, 3)).Tells("2026-02-05", new Fact.Revision(1, 9)).Tells("2026-02-06", new Fact.Revision(1, null)).View().Answers;

        given.ShouldHaveSingleItem().Score.ShouldBe(9);
        given[0].OccurredAt.ShouldBe(Story.Time("2026-01-05").UtcTicks);
    }

    [Theory]
    [InlineData("2026-02-05", 3)]
    [InlineData("2026-02-06", 9)]
    public void A_revision_at_or_after_the_moment_is_not_known_yet(string asOf, int score) =>
        new Story().Tells("2026-01-05", Answer(1, 3)).Tells("2026-02-05", new Fact.Revision(1, 9)).View(asOf: asOf).Answers.ShouldHaveSingleItem().Score.ShouldBe(score);

    [Fact]
    public void The_last_revision_on_the_scale_counts_whatever_order_they_arrive_in()
    {
        var story = new Story().Tells("2026-02-07", new Fact.Revision(1, 11)).Tells("2026-02-06", new Fact.Revision(1, 8)).Tells("2026-02-05", new Fact.Revision(1, 9)).Tells("2026-01-05", Answer(1, 3));

        story.View().Answers.ShouldHaveSingleItem().Score.ShouldBe(8);
    }

    [Fact]
    public void A_withdrawn_answer_is_none_and_its_request_is_not_answered()
    {
        var story = new Story().Tells("2026-01-04", new Fact.Request(7, Instrument.Nps, null, null)).Tells("2026-01-05", Answer(1, 3, request: 7));
        Requests(story).ShouldBe(new RequestCounts(1, 0, 1));

        story.Tells("2026-01-06", new Fact.Withdrawal(1)).Tells("2026-01-07", new Fact.Revision(1, 9));

        story.View().Answers.ShouldBeEmpty();
        Requests(story).ShouldBe(new RequestCounts(1, 0, 0));
    }

    [Theory]
    [InlineData("2026-01-04 11:59", 0)]
    [InlineData("2026-01-04 12:00", 1)]
    [InlineData("2026-01-18 12:00", 1)]
    [InlineData("2026-01-18 12:01", 0)]
    public void A_response_comes_within_14_days_and_not_before_it_was_asked_for(string answered, long responses) =>
        Requests(new Story().Tells("2026-01-04 12:00", new Fact.Request(7, Instrument.Nps, null, null)).Tells(answered, Answer(1, 3, request: 7)))
            .ShouldBe(new RequestCounts(1, 0, responses));

    [Fact]
    public void What_bounced_was_not_delivered_and_a_request_sent_again_is_one()
    {
        var story = new Story().Tells("2026-01-04", new Fact.Request(7, Instrument.Nps, null, null)).Tells("2026-01-05", new Fact.Request(7, Instrument.Nps, null, null))
            .Tells("2026-01-04", new Fact.Request(7, Instrument.Csat, null, null)).Tells("2026-01-04", new Fact.Request(8, Instrument.Nps, null, null))
            .Tells("2026-01-06", new Fact.Bounce(8, Instrument.Nps));

        var counts = Requests(story);

        counts.ShouldBe(new RequestCounts(2, 1, 0));
        counts.ResponseRate.ShouldBe(0);
        new RequestCounts(3, 3, 0).ResponseRate.ShouldBeNull();
        AskedRequest.LastDelivered(story.View().Others).ShouldBe(Story.Time("2026-01-05").UtcTicks);
    }

    [Theory]
    [InlineData(new long[] { 20, 30, 40 }, new bool[] { false, false, false })]
    [InlineData(new long[] { 4, 30, 40 }, new bool[] { true, true, false })]
    [InlineData(new long[] { 40, 4, 30 }, new bool[] { false, true, true })]
    [InlineData(new long[] { 4, 3, 40 }, new bool[] { true, true, false })]
    [InlineData(new long[] { 4, 0, 40, 9 }, new bool[] { true, true, false, true })]
    [InlineData(new long[] { 0, 40 }, new bool[] { true, false })]
    [InlineData(new long[] { 4 }, new bool[] { true })]
    public void A_group_that_could_be_recomputed_from_the_total_takes_the_next_smallest_with_it(long[] responses, bool[] suppressed) =>
        Suppression.Of(responses, 5).ShouldBe(suppressed);

    [Theory]
    [InlineData(60, 20, 20, 45, 25, 30, true)]
    [InlineData(60, 20, 20, 50, 25, 25, false)]
    public void A_change_of_nps_is_significant_beyond_both_variances(int p, int n, int d, int p0, int n0, int d0, bool significant) =>
        ScoreChange.IsSignificant(Of(Instrument.Nps, (10, p), (8, n), (0, d)), Of(Instrument.Nps, (10, p0), (8, n0), (0, d0))).ShouldBe(significant);

    [Theory]
    [InlineData(60, 45, true)]
    [InlineData(58, 45, false)]
    [InlineData(100, 100, false)]
    public void A_change_of_csat_is_tested_as_two_proportions(int top, int before, bool significant) =>
        ScoreChange.IsSignificant(Of(Instrument.Csat, (5, top), (1, 100 - top)), Of(Instrument.Csat, (4, before), (2, 100 - before))).ShouldBe(significant);

    [Fact]
    public void A_change_of_ces_is_tested_by_welch()
    {
        var high = Of(Instrument.Ces, (7, 1), (6, 2), (5, 1), (3, 1));

        ScoreChange.IsSignificant(high, Of(Instrument.Ces, (3, 2), (2, 2), (4, 1))).ShouldBe(true);
        ScoreChange.IsSignificant(high, Of(Instrument.Ces, (3, 2), (7, 2), (4, 1))).ShouldBe(false);
        ScoreChange.IsSignificant(high, Of(Instrument.Ces, (3, 1))).ShouldBeNull();
        ScoreChange.Of(high, Of(Instrument.Ces)).ShouldBeNull();
    }

    [Fact]
    public void The_adjusted_interval_covers_where_the_naive_one_does_not()
    {
        (double P, double D)[] truths = [(0.5, 0.25), (0.7, 0.1), (0.9, 0.03)];

        truths.ShouldAllBe(truth => Coverage(truth, AdjustedWald.Of) >= 0.92);
        truths.ShouldAllBe(truth => Coverage(truth, Naive) < 0.92);
    }

    private static double Coverage((double P, double D) truth, Func<long, long, long, Interval?> interval)
    {
        const int samples = 20_000, n = 10;
        var random = new Random(2016);
        var covered = 0;
        for (var sample = 0; sample < samples; sample++)
        {
            var (promoters, detractors) = (0, 0);
            for (var i = 0; i < n; i++)
            {
                var drawn = random.NextDouble();
                if (drawn < truth.P) promoters++;
                else if (drawn < truth.P + truth.D) detractors++;
            }
            var (low, high) = (interval(promoters, n - promoters - detractors, detractors)!.Value.Low, interval(promoters, n - promoters - detractors, detractors)!.Value.High);
            if (low <= 100 * (truth.P - truth.D) && 100 * (truth.P - truth.D) <= high) covered++;
        }
        return (double)covered / samples;
    }

    private static Interval? Naive(long promoters, long passives, long detractors)
    {
        double n = promoters + passives + detractors;
        var (p, d) = (promoters / n, detractors / n);
        var half = Interval.Z * Math.Sqrt((p + d - (p - d) * (p - d)) / n);
        return new Interval(100 * (p - d - half), 100 * (p - d + half));
    }

    private static Fact.Answer Answer(long id, int score, long? request = null) => new(id, Instrument.Nps, score, null, null, request);

    private static RequestCounts Requests(Story story)
    {
        var cells = new Cells<RequestCell, RequestCounts>();
        Feedback.Contribute(story.View(), cells);
        return cells.Where(cell => cell.Key.Instrument == Instrument.Nps).Aggregate(new RequestCounts(), (sum, cell) => sum + cell.Value);
    }

    private static Answers Of(Instrument instrument, params (int Score, long Count)[] given) =>
        new(instrument, Scale.Of(instrument), given.ToDictionary(answer => answer.Score, answer => answer.Count));
}
