using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class MeanIntervalTests
{
    // Student (1908), Biometrika 6(1): additional hours of sleep, in tenths; the interval as R's t.test prints it for the data set sleep.
    private static readonly int[] Sleep = [12, 24, 13, 13, 0, 10, 18, 8, 46, 14];

    [Fact]
    public void Students_own_example_gives_the_printed_interval()
    {
        var interval = MeanInterval.Of(Sleep.Length, Sleep.Sum(), Sleep.Sum(x => x * x))!.Value;

        ShouldBeNear(interval.Low, 7.001142, 1e-6);
        ShouldBeNear(interval.High, 24.598858, 1e-6);
    }

    [Fact]
    public void A_histogram_gives_the_same_as_its_values() =>
        MeanInterval.Of(Sleep.CountBy(x => x).Select(bin => KeyValuePair.Create(bin.Key, (long)bin.Value)))
            .ShouldBe(MeanInterval.Of(Sleep.Length, Sleep.Sum(), Sleep.Sum(x => x * x)));

    [Theory]
    [InlineData(1, 12.7062047)]
    [InlineData(2, 4.3026527)]
    [InlineData(4, 2.7764451)]
    [InlineData(10, 2.2281389)]
    [InlineData(29, 2.0452296)]
    [InlineData(100, 1.9839715)]
    [InlineData(1_000, 1.9623391)]
    public void The_quantile_of_t_equals_the_table(long degreesOfFreedom, double quantile) =>
        ShouldBeNear(MeanInterval.T(degreesOfFreedom), quantile, 1e-7);

    // Fisher & Cornish's expansion in 1/ν, whose error is below 1e-9 from 1 000 on.
    [Theory]
    [InlineData(1_000)]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    [InlineData(100_000_000)]
    public void The_quantile_of_t_stays_right_for_very_many_answers(long degreesOfFreedom)
    {
        const double z = 1.959963984540054;
        var nu = (double)degreesOfFreedom;
        var expansion = z + (Math.Pow(z, 3) + z) / (4 * nu) + (5 * Math.Pow(z, 5) + 16 * Math.Pow(z, 3) + 3 * z) / (96 * nu * nu);

        ShouldBeNear(MeanInterval.T(degreesOfFreedom), expansion, 1e-8);
    }

    [Fact]
    public void Equal_answers_have_a_point_as_interval() => MeanInterval.Of(3, 12, 48).ShouldBe(new Interval(4, 4));

    [Fact]
    public void Fewer_than_two_answers_have_no_interval()
    {
        MeanInterval.Of(0, 0, 0).ShouldBeNull();
        MeanInterval.Of(1, 5, 25).ShouldBeNull();
        MeanInterval.Of([]).ShouldBeNull();
    }

    [Fact]
    public void Sums_that_no_values_have_are_refused() => Should.Throw<ArgumentOutOfRangeException>(() => MeanInterval.Of(2, 10, 1));

    private static void ShouldBeNear(double actual, double expected, double relative) =>
        (Math.Abs(actual - expected) / Math.Abs(expected)).ShouldBeLessThan(relative, $"{actual} is not near {expected}");
}
