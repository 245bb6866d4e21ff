using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class PercentilesTests
{
    // Miles per gallon of R's data set mtcars (Henderson & Velleman 1981); quantile(mtcars$mpg) prints 10.400 15.425 19.200 22.800 33.900.
    private static readonly double[] MilesPerGallon =
    [
        10.4, 10.4, 13.3, 14.3, 14.7, 15.0, 15.2, 15.2, 15.5, 15.8, 16.4, 17.3, 17.8, 18.1, 18.7, 19.2, 19.2, 19.7, 21.0, 21.0, 21.4, 21.4,
        21.5, 22.8, 22.8, 24.4, 26.0, 27.3, 30.4, 30.4, 32.4, 33.9,
    ];

    [Theory]
    [InlineData(0, 10.4)]
    [InlineData(0.25, 15.425)]
    [InlineData(0.5, 19.2)]
    [InlineData(0.75, 22.8)]
    [InlineData(1, 33.9)]
    public void Quartiles_equal_the_printed_ones(double p, double quantile) =>
        Percentiles.Of(MilesPerGallon, p)!.Value.ShouldBe(quantile, 1e-12);

    [Theory]
    [InlineData(0.1, 1.3)]
    [InlineData(0.5, 2.5)]
    [InlineData(0.9, 3.7)]
    public void Between_two_values_the_quantile_is_linear(double p, double quantile)
    {
        Percentiles.Of([1, 2, 3, 4], p)!.Value.ShouldBe(quantile, 1e-12);
        Percentiles.OfCounts(Bins(1, 2, 3, 4), p)!.Value.ShouldBe(quantile, 1e-12);
    }

    [Fact]
    public void Counted_values_give_the_same_as_listed_ones() =>
        Prop.ForAll<NonEmptyArray<short>, byte>((values, p) =>
        {
            var listed = values.Get.Select(value => (double)value).Order().ToArray();
            return Percentiles.Of(listed, p / 255.0) == Percentiles.OfCounts(Bins([.. values.Get.Select(value => (long)value)]), p / 255.0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void One_value_is_every_percentile_of_itself() => Percentiles.Of([5], 0.9).ShouldBe(5);

    [Fact]
    public void No_values_have_no_percentile()
    {
        Percentiles.Of([], 0.5).ShouldBeNull();
        Percentiles.OfCounts(Bins(), 0.5).ShouldBeNull();
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_share_off_0_to_1_is_refused(double p) => Should.Throw<ArgumentOutOfRangeException>(() => Percentiles.Of([1, 2], p));

    private static KeyValuePair<long, long>[] Bins(params long[] values) =>
        [.. values.CountBy(value => value).Select(bin => KeyValuePair.Create(bin.Key, (long)bin.Value)).OrderBy(bin => bin.Key)];
}
