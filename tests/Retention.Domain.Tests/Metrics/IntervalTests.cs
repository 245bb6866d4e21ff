using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class IntervalTests
{
    // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void The_interval_of_a_share_equals_the_printed_one(long x, long n, double low, double high)
    {
        var interval = WilsonInterval.Of(x, n)!.Value;

        Math.Round(interval.Low, 4).ShouldBe(low);
        Math.Round(interval.High, 4).ShouldBe(high);
    }

    [Fact]
    public void None_of_n_begins_at_zero_and_all_of_n_ends_at_one()
    {
        WilsonInterval.Of(0, 7)!.Value.Low.ShouldBe(0);
        WilsonInterval.Of(7, 7)!.Value.High.ShouldBe(1);
        WilsonInterval.Of(7, 7)!.Value.Low.ShouldBe(1 - WilsonInterval.Of(0, 7)!.Value.High, 1e-15);
    }

    [Fact]
    public void A_share_of_nobody_has_no_interval() => WilsonInterval.Of(0, 0).ShouldBeNull();

    [Fact]
    public void A_share_beyond_all_is_refused() => Should.Throw<ArgumentOutOfRangeException>(() => WilsonInterval.Of(3, 2));

    [Fact]
    public void The_interval_of_a_share_holds_it_and_stays_within_0_and_1() =>
        Prop.ForAll<NonNegativeInt, PositiveInt>((x, rest) =>
        {
            var n = (long)x.Get + rest.Get;
            var interval = WilsonInterval.Of(x.Get, n)!.Value;
            return interval.Low >= 0 && interval.Low <= (double)x.Get / n && interval.High >= (double)x.Get / n && interval.High <= 1;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_interval_of_the_promoter_score_equals_the_vector_of_the_definition()
    {
        var interval = AdjustedWald.Of(promoters: 215, passives: 85, detractors: 75)!.Value;

        Math.Round(interval.Low, 2).ShouldBe(29.01);
        Math.Round(interval.High, 2).ShouldBe(45.06);
    }

    [Fact]
    public void The_interval_of_the_promoter_score_is_cut_at_its_scale_and_mirrors_itself()
    {
        var all = AdjustedWald.Of(promoters: 10, passives: 0, detractors: 0)!.Value;
        var none = AdjustedWald.Of(promoters: 0, passives: 0, detractors: 10)!.Value;

        all.High.ShouldBe(100);
        none.Low.ShouldBe(-100);
        none.High.ShouldBe(-all.Low, 1e-12);
    }

    [Fact]
    public void A_promoter_score_without_answers_has_no_interval() => AdjustedWald.Of(0, 0, 0).ShouldBeNull();
}
