using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

public class ScoreSumsTests
{
    [Fact]
    public void Sums_are_the_same_in_whatever_order_and_parts()
    {
        var (random, scores) = (new Random(3), new List<ScoreSums>());
        for (var index = 0; index < 5_000; index++)
            scores.Add(ScoreSums.Of(new Score(random.NextDouble(), random.NextDouble() * 9, 0, Math.Pow(10, random.Next(-3, 9)), Math.Pow(10, random.Next(-6, 10)), null)));
        var forward = scores.Aggregate((sum, score) => sum + score);

        scores.Reverse();

        scores.Aggregate((sum, score) => sum + score).ShouldBe(forward);
        scores.Chunk(7).Select(part => part.Aggregate((sum, score) => sum + score)).Aggregate((sum, part) => sum + part).ShouldBe(forward);
    }

    [Fact]
    public void Customers_weigh_by_the_purchases_that_are_expected_of_them()
    {
        var sums = ScoreSums.Of(new Score(1, 3, 0, 10, 28, null)) + ScoreSums.Of(new Score(0.5, 1, 0, 50, 44, null));

        (sums.PAlive, sums.ExpectedPurchases, sums.ExpectedAverageValue, sums.Clv, sums.ClvSum).ShouldBe((0.75, 2, 20, 36, 72));
    }

    [Fact]
    public void One_customer_without_an_expected_value_leaves_none_for_all()
    {
        var sums = ScoreSums.Of(new Score(1, 3, 0, 10, 28, null)) + ScoreSums.Of(new Score(0.5, 1, 0, null, null, null));

        (sums.PAlive, sums.ExpectedAverageValue, sums.Clv, sums.ClvSum).ShouldBe((0.75, null, null, null));
        (default(ScoreSums).PAlive, default(ScoreSums).ClvSum).ShouldBe((null, null));
    }
}
