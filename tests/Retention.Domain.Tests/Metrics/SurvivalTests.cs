using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class SurvivalTests
{
    // Freireich et al. (1963), Blood 21: weeks of remission of 42 children with leukemia; negative where still in remission.
    private static readonly int[] Mercaptopurine = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
    private static readonly int[] Placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

    // Klein & Moeschberger, Survival Analysis, exercise 7.7: days of survival of rats, untreated and under two therapies.
    private static readonly int[][] Rats =
    [
        [20, 21, 23, 24, 24, 26, 26, 27, 28, 30], [26, 28, 29, 29, 30, 30, 31, 31, 32, -35], [31, 32, 34, 35, 36, 38, 38, 39, -42, -42],
    ];

    // As printed for these data by survfit(conf.type = "log-log") of R and by sts list of Stata.
    [Theory]
    [InlineData(6, 21, 3, 0.8571, 0.0764, 0.6197, 0.9516)]
    [InlineData(7, 17, 1, 0.8067, 0.0869, 0.5631, 0.9228)]
    [InlineData(10, 15, 1, 0.7529, 0.0963, 0.5032, 0.8894)]
    [InlineData(13, 12, 1, 0.6902, 0.1068, 0.4316, 0.8491)]
    [InlineData(16, 11, 1, 0.6275, 0.1141, 0.3675, 0.8049)]
    [InlineData(22, 7, 1, 0.5378, 0.1282, 0.2678, 0.7468)]
    [InlineData(23, 6, 1, 0.4482, 0.1346, 0.1881, 0.6801)]
    public void The_curve_of_the_leukemia_trial_equals_the_printed_one(
        int time, long atRisk, long lapsed, double survival, double error, double low, double high)
    {
        var step = KaplanMeier.Estimate(Cells(Mercaptopurine)).Steps.Single(step => step.Time == time);

        (step.AtRisk, step.Lapsed).ShouldBe((atRisk, lapsed));
        Math.Round(step.Survival, 4).ShouldBe(survival);
        Math.Round(step.StandardError!.Value, 4).ShouldBe(error);
        Math.Round(step.Interval!.Value.Low, 4).ShouldBe(low);
        Math.Round(step.Interval!.Value.High, 4).ShouldBe(high);
    }

    [Fact]
    public void The_documented_example_has_the_figures_that_it_states()
    {
        var curve = KaplanMeier.Estimate(Cells([90, 90, -120, 150, -200]));

        curve.Steps.Select(step => (step.Time, Math.Round(step.Survival, 3), Math.Round(step.Interval!.Value.Low, 3), Math.Round(step.Interval!.Value.High, 3)))
            .ShouldBe([(90, 0.6, 0.126, 0.882), (150, 0.3, 0.012, 0.719)]);
        curve.Median.ShouldBe(150);
    }

    [Fact]
    public void The_medians_of_the_leukemia_trial_are_23_and_8_weeks()
    {
        var (treated, placebo) = (KaplanMeier.Estimate(Cells(Mercaptopurine)), KaplanMeier.Estimate(Cells(Placebo)));

        (treated.Median, placebo.Median).ShouldBe((23, 8));
        (treated.Steps.Count, treated.Lifetimes).ShouldBe((7, new LifetimeCounts(9, 12)));
    }

    [Fact]
    public void Without_censoring_survival_is_the_share_that_is_left_and_its_error_that_of_a_share()
    {
        foreach (var step in KaplanMeier.Estimate(Cells(Placebo)).Steps.SkipLast(1))
        {
            var left = Placebo.Count(time => time > step.Time) / 21.0;
            step.Survival.ShouldBe(left, 1e-14);
            step.StandardError!.Value.ShouldBe(Math.Sqrt(left * (1 - left) / 21), 1e-14);
        }
    }

    [Fact]
    public void Where_nobody_survives_there_is_neither_an_error_nor_an_interval() =>
        KaplanMeier.Estimate(Cells(Placebo)).Steps[^1].ShouldBe(new SurvivalStep(23, 1, 1, 0, null, null));

    [Fact]
    public void Exactly_half_is_enough_for_the_median()
    {
        KaplanMeier.Estimate(Cells([1, 2])).Median.ShouldBe(1);
        // 9/10 · 7/9 · 5/7, which is above 0.5 in its last bit.
        KaplanMeier.Estimate(Cells([1, 2, 2, 3, 3, -9, -9, -9, -9, -9])).Median.ShouldBe(3);
    }

    [Fact]
    public void While_more_than_half_survive_there_is_no_median() => KaplanMeier.Estimate(Cells([1, -2, -3])).Median.ShouldBeNull();

    [Fact]
    public void Nobody_and_nobody_lapsed_are_curves_without_steps()
    {
        var (nobody, all) = (KaplanMeier.Estimate([]), KaplanMeier.Estimate(Cells([-4, -9])));

        (nobody.Lifetimes, nobody.Steps.Count, nobody.Median).ShouldBe((default, 0, null));
        (all.Lifetimes, all.Steps.Count, all.Median).ShouldBe((new LifetimeCounts(0, 2), 0, null));
    }

    // First purchase on day 100, active on the days 100 … 109.
    [Theory]
    [InlineData(100, null, null)]
    [InlineData(101, null, 0)]
    [InlineData(109, null, 8)]
    [InlineData(110, null, 9)]
    [InlineData(111, 10, null)]
    [InlineData(500, 10, null)]
    public void A_lapse_is_seen_once_its_day_is_over_and_a_lifetime_censored_at_the_last_whole_day_till_then(int asOf, int? lapsed, int? censored)
    {
        var cells = new DenseCells<LifetimeCounts>();

        KaplanMeier.Contribute(100, 110, asOf, cells);

        cells.Where(cell => cell.Value.Lapsed > 0).Select(cell => (int?)cell.Key).SingleOrDefault().ShouldBe(lapsed);
        cells.Where(cell => cell.Value.Censored > 0).Select(cell => (int?)cell.Key).SingleOrDefault().ShouldBe(censored);
    }

    [Fact]
    public void A_departure_on_the_first_day_is_a_lapse_at_time_0()
    {
        var cells = new DenseCells<LifetimeCounts>();

        KaplanMeier.Contribute(100, 100, 101, cells);

        cells.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(0, new LifetimeCounts(1, 0)));
    }

    // Were the time of censoring a day later, those who lapse on the day of the moment would count as survivors of it.
    [Fact]
    public void At_any_moment_each_day_is_judged_by_those_who_had_the_whole_of_it()
    {
        var spans = Enumerable.Range(0, 40).Select(i => (Start: i * 3, End: i * 3 + 4 + i * 7 % 11)).ToList();
        for (var asOf = 60; asOf <= 140; asOf++)
        {
            var (cells, seen) = (new DenseCells<LifetimeCounts>(), new Dictionary<int, (int AtRisk, int Lapsed)>());
            foreach (var (start, end) in spans) KaplanMeier.Contribute(start, end, asOf, cells);
            // Of those whose t-th day is over, the share that lapses on it.
            for (var t = 0; t < 20; t++)
            {
                var observed = spans.Where(span => span.Start + t < asOf && span.End - span.Start >= t).ToList();
                seen[t] = (observed.Count, observed.Count(span => span.End - span.Start == t));
            }
            KaplanMeier.Estimate(cells).Steps.Select(step => (step.Time, step.AtRisk, step.Lapsed))
                .ShouldBe(seen.Where(time => time.Value.Lapsed > 0).Select(time => (time.Key, (long)time.Value.AtRisk, (long)time.Value.Lapsed)));
        }
    }

    [Fact]
    public void Every_curve_equals_its_definition_over_the_lifetimes_one_by_one() =>
        Prop.ForAll<(byte Time, bool Lapsed)[]>(given =>
        {
            var lifetimes = given.Select(lifetime => (Time: lifetime.Time % 40, lifetime.Lapsed)).ToList();
            var curve = KaplanMeier.Estimate(Cells(lifetimes.Select(lifetime => (lifetime.Time, lifetime.Lapsed))));
            var times = lifetimes.Where(lifetime => lifetime.Lapsed).Select(lifetime => lifetime.Time).Distinct().Order().ToList();
            curve.Steps.Select(step => step.Time).ShouldBe(times);
            foreach (var step in curve.Steps)
            {
                var parts = times.Where(time => time <= step.Time).Select(time =>
                    (D: lifetimes.Count(lifetime => lifetime == (time, true)), N: (double)lifetimes.Count(lifetime => lifetime.Time >= time))).ToList();
                step.Survival.ShouldBe(parts.Aggregate(1.0, (s, part) => s * (1 - part.D / part.N)), 1e-12);
                if (step.StandardError is { } error) error.ShouldBe(step.Survival * Math.Sqrt(parts.Sum(part => part.D / (part.N * (part.N - part.D)))), 1e-12);
                if (step.Interval is { } interval) (interval.Low > 0 && interval.Low < step.Survival && step.Survival < interval.High && interval.High < 1).ShouldBeTrue();
            }
            curve.Median.ShouldBe(curve.Steps.FirstOrDefault(step => step.Survival < 0.5 + 1e-9)?.Time);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_log_rank_test_of_the_leukemia_trial_equals_the_printed_one()
    {
        var test = LogRank.Of([Cells(Mercaptopurine), Cells(Placebo)])!;

        Math.Round(test.ChiSquare, 2).ShouldBe(16.79);
        test.DegreesOfFreedom.ShouldBe(1);
        test.P.ShouldBeInRange(4.165e-5, 4.175e-5);
        test.Expected.Select(expected => Math.Round(expected, 2)).ShouldBe([19.25, 10.75]);
    }

    // survdiff of R prints 33.38033 for these, p = 5.64e-08.
    [Fact]
    public void The_log_rank_test_of_three_groups_equals_the_printed_one_in_any_order()
    {
        int[][] orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];
        foreach (var order in orders)
        {
            var test = LogRank.Of([.. order.Select(group => Cells(Rats[group]))])!;

            Math.Round(test.ChiSquare, 5).ShouldBe(33.38033);
            test.DegreesOfFreedom.ShouldBe(2);
            test.P.ShouldBeInRange(5.635e-8, 5.645e-8);
        }
        LogRank.Of([.. Rats.Select(Cells)])!.Expected.Select(expected => Math.Round(expected, 6)).ShouldBe([2.656485, 7.600097, 16.743418]);
    }

    [Fact]
    public void Equal_groups_do_not_differ()
    {
        var test = LogRank.Of([Cells(Placebo), Cells(Placebo)])!;

        (test.ChiSquare, test.P).ShouldBe((0, 1));
    }

    [Fact]
    public void A_very_great_difference_keeps_the_digits_of_its_probability()
    {
        var test = LogRank.Of([Cells(Enumerable.Repeat(Placebo, 20).SelectMany(times => times)), Cells(Enumerable.Repeat(Mercaptopurine, 20).SelectMany(times => times))])!;

        // erfc(√(χ²/2)) ≈ exp(−χ²/2) · √(2 / (π·χ²)) · (1 − 1/χ²).
        var tail = Math.Exp(-test.ChiSquare / 2) * Math.Sqrt(2 / (Math.PI * test.ChiSquare)) * (1 - 1 / test.ChiSquare);
        test.ChiSquare.ShouldBeGreaterThan(300);
        (test.P / tail).ShouldBe(1, 1e-4);
    }

    [Fact]
    public void A_group_of_which_nobody_is_at_risk_at_any_lapse_has_no_say()
    {
        var two = LogRank.Of([Cells(Mercaptopurine), Cells(Placebo)])!;
        var three = LogRank.Of([Cells(Mercaptopurine), Cells(Placebo), Cells([0, 0, 0], lapsed: false)])!;

        (three.ChiSquare, three.DegreesOfFreedom, three.P).ShouldBe((two.ChiSquare, 1, two.P));
    }

    [Fact]
    public void Nothing_to_compare_is_no_test()
    {
        LogRank.Of([]).ShouldBeNull();
        LogRank.Of([Cells(Placebo)]).ShouldBeNull();
        LogRank.Of([Cells(Placebo), []]).ShouldBeNull();
        LogRank.Of([Cells([-3, -4]), Cells([-5])]).ShouldBeNull();
        LogRank.Of([Cells([7, 7]), Cells([7])]).ShouldBeNull();
    }

    private static DenseCells<LifetimeCounts> Cells(IEnumerable<int> times) => Cells(times.Select(time => (Math.Abs(time), time > 0)));

    private static DenseCells<LifetimeCounts> Cells(IEnumerable<int> times, bool lapsed) => Cells(times.Select(time => (time, lapsed)));

    private static DenseCells<LifetimeCounts> Cells(IEnumerable<(int Time, bool Lapsed)> lifetimes)
    {
        var cells = new DenseCells<LifetimeCounts>();
        foreach (var (time, lapsed) in lifetimes) cells.At(time) += lapsed ? new LifetimeCounts(1, 0) : new LifetimeCounts(0, 1);
        return cells;
    }
}
