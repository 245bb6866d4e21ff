using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class RfmTests
{
    [Fact]
    public void Ten_customers_are_scored_in_pairs()
    {
        // Days since the last purchase 10 … 100, orders 1 … 10, revenue 1 000 … 10 000.
        var customers = Enumerable.Range(1, 10).Select(i => (Days: i * 10, Orders: i, Net: i * 1_000L)).ToList();
        var edges = Edges(customers)!;

        edges.Recency.Edges.ShouldBe([28m, 46m, 64m, 82m]);
        edges.Frequency.Edges.ShouldBe([2.8m, 4.6m, 6.4m, 8.2m]);
        edges.Monetary.Edges.ShouldBe([2_800m, 4_600m, 6_400m, 8_200m]);
        edges.Warnings.ShouldBeEmpty();
        customers.Select(customer => edges.Score(customer.Days, customer.Orders, customer.Net))
            .ShouldBe([new(5, 1, 1), new(5, 1, 1), new(4, 2, 2), new(4, 2, 2), new(3, 3, 3), new(3, 3, 3), new(2, 4, 4), new(2, 4, 4), new(1, 5, 5), new(1, 5, 5)]);
    }

    [Fact]
    public void A_value_on_an_edge_does_not_lie_above_it()
    {
        var edges = Edges(Enumerable.Range(0, 6).Select(i => (i, i + 1, (long)i)))!;

        edges.Recency.Edges.ShouldBe([1m, 2m, 3m, 4m]);
        Enumerable.Range(0, 6).Select(i => edges.Score(i, i + 1, i)).ShouldBe(
            [new(5, 1, 1), new(5, 1, 1), new(4, 2, 2), new(3, 3, 3), new(2, 4, 4), new(1, 5, 5)]);
    }

    [Fact]
    public void Where_most_bought_once_scores_are_left_out_with_a_warning_and_the_best_still_score_5()
    {
        var edges = Edges([.. Enumerable.Range(0, 13).Select(i => (i, 1, (long)i)), .. Enumerable.Range(13, 7).Select(i => (i, i - 11, (long)i))])!;

        edges.Frequency.Edges.ShouldBe([1m, 1m, 1m, 4.2m]);
        Enumerable.Range(1, 6).Select(orders => edges.Score(0, orders, 0).F).ShouldBe([1, 4, 4, 4, 5, 5]);
        edges.Warnings.ShouldBe(["Frequency has 2 distinct edges of 4, since many customers are equal in it: not all scores are given."]);
    }

    [Fact]
    public void Where_all_are_equal_all_bought_recently_once_and_little()
    {
        var edges = Edges(Enumerable.Repeat((3, 1, 500L), 9))!;

        edges.Score(3, 1, 500).ShouldBe(new RfmScore(5, 1, 1));
        edges.Warnings.Count.ShouldBe(3);
        RfmSegments.Default.Of(edges.Score(3, 1, 500)).Name.ShouldBe("new");
    }

    [Fact]
    public void One_customer_has_edges_and_nobody_has_none()
    {
        Edges([(7, 2, 90L)])!.Monetary.Edges.ShouldBe([90m, 90m, 90m, 90m]);
        Edges([]).ShouldBeNull();
    }

    [Fact]
    public void Every_score_equals_its_definition_over_sorted_values() =>
        Prop.ForAll<(byte Days, byte Orders, int Net)[]>(given =>
        {
            var customers = given.Select(customer => ((int)customer.Days, customer.Orders % 9, (long)customer.Net)).ToList();
            if (Edges(customers) is not { } edges)
            {
                customers.ShouldBeEmpty();
                return;
            }
            foreach (var (days, orders, net) in customers)
            {
                edges.Score(days, orders, net).ShouldBe(new RfmScore(
                    6 - Score(customers.Select(customer => (long)customer.Item1), days), Score(customers.Select(customer => (long)customer.Item2), orders),
                    Score(customers.Select(customer => customer.Item3), net)));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Edges_of_values_equal_their_percentiles_whatever_their_number_and_order()
    {
        IEnumerable<long[]> samples =
        [
            .. Enumerable.Range(1, 500).Select(count => Shuffled(count, 300)), Shuffled(100_000, 1_000_000), Shuffled(100_000, 7),
            [.. Shuffled(50_000, 90_000).Order()], [.. Shuffled(50_000, 90_000).OrderDescending()], OrganPipe(50_000),
        ];
        foreach (var values in samples)
        {
            var sorted = values.Order().Select(value => (double)value).ToArray();

            var edges = Quintiles.Of(values.AsMemory())!.Edges;

            edges.Select(edge => (double)edge).ShouldBe([.. Enumerable.Range(1, 4).Select(fifth => Math.Round(Percentiles.Of(sorted, fifth / 5.0)!.Value, 6))]);
        }
    }

    [Fact]
    public void The_parts_of_two_cores_give_the_edges_of_the_whole() =>
        Prop.ForAll<(byte Days, byte Orders, int Net)[], byte>((given, cut) =>
        {
            var customers = given.Select(customer => ((int)customer.Days, (int)customer.Orders, (long)customer.Net)).ToList();
            var (first, second) = (Sample(customers.Where(customer => customer.Item1 < cut)), Sample(customers.Where(customer => customer.Item1 >= cut)));
            first.Add(second);
            var (merged, whole) = (first.Edges(), Edges(customers));
            foreach (var edges in (Func<RfmEdges, Quintiles>[])[edges => edges.Recency, edges => edges.Frequency, edges => edges.Monetary])
                (merged is null ? null : edges(merged).Edges).ShouldBe(whole is null ? null : edges(whole).Edges);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(5, 5, "champions")]
    [InlineData(5, 4, "champions")]
    [InlineData(4, 5, "loyal")]
    [InlineData(3, 4, "loyal")]
    [InlineData(5, 3, "potential-loyal")]
    [InlineData(4, 2, "potential-loyal")]
    [InlineData(5, 1, "new")]
    [InlineData(4, 1, "promising")]
    [InlineData(3, 3, "need-attention")]
    [InlineData(3, 1, "about-to-sleep")]
    [InlineData(1, 5, "cannot-lose")]
    [InlineData(2, 5, "cannot-lose")]
    [InlineData(2, 3, "at-risk")]
    [InlineData(1, 4, "at-risk")]
    [InlineData(2, 1, "hibernating")]
    [InlineData(1, 2, "hibernating")]
    [InlineData(1, 1, "lost")]
    public void Recency_and_frequency_choose_the_segment_and_monetary_does_not(int r, int f, string segment)
    {
        for (var m = 1; m <= 5; m++) RfmSegments.Default.Of(new RfmScore(r, f, m)).Name.ShouldBe(segment);
    }

    [Fact]
    public void The_segments_take_2_4_4_1_1_1_2_2_4_3_and_1_cells()
    {
        var cells = from r in Enumerable.Range(1, 5) from f in Enumerable.Range(1, 5) select RfmSegments.Default.Of(new RfmScore(r, f, 1));

        cells.CountBy(segment => segment).ToDictionary()
            .ShouldBe(RfmSegments.Default.All.Zip((int[])[2, 4, 4, 1, 1, 1, 2, 2, 4, 3, 1], KeyValuePair.Create).ToDictionary(), ignoreOrder: true);
    }

    [Fact]
    public void A_table_that_leaves_a_cell_out_or_takes_it_twice_is_refused_with_the_cells()
    {
        var fault = Should.Throw<ArgumentException>(() => new RfmSegments(new("low", [new(1, 3, 1, 5)]), new("high", [new(3, 3, 2, 2), new(4, 5, 2, 5), new(4, 4, 1, 1)])));

        fault.Message.ShouldContain("R3 F2 in low and high, R5 F1 in none.");
    }

    [Fact]
    public void Blocks_of_one_segment_may_overlap() =>
        new RfmSegments(new RfmSegment("all", [new(1, 5, 1, 4), new(1, 5, 3, 5)])).Of(new RfmScore(1, 3, 1)).Name.ShouldBe("all");

    private static int Score(IEnumerable<long> values, long value)
    {
        var sorted = values.Order().ToList();
        return 1 + Enumerable.Range(1, 4).Count(fifth =>
        {
            var below = (sorted.Count - 1) * fifth / 5;
            var share = (sorted.Count - 1) * fifth % 5 / 5m;
            return value > sorted[below] + share * (sorted[Math.Min(below + 1, sorted.Count - 1)] - sorted[below]);
        });
    }

    private static RfmEdges? Edges(IEnumerable<(int Days, int Orders, long Net)> customers) => Sample(customers).Edges();

    private static RfmSample Sample(IEnumerable<(int Days, int Orders, long Net)> customers)
    {
        var sample = new RfmSample();
        foreach (var (days, orders, net) in customers) sample.Add(days, orders, net);
        return sample;
    }

    private static long[] Shuffled(int count, int different)
    {
        var random = new Random(20_260_401);
        return [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(different))];
    }

    private static long[] OrganPipe(int half) => [.. Enumerable.Range(0, half).Select(i => (long)i), .. Enumerable.Range(0, half).Select(i => (long)half - i)];
}
