using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class RevenueRetentionTests
{
    // Period 2 against period 1: A grows from 100 to 130, B shrinks from 100 to 60, C stays at 50, D churns with 40, E is new with 20, and F
    // returns with 10 after revenue in period 0.
    private static readonly (int, long)[][] Six =
        [[(1, 100), (2, 130)], [(1, 100), (2, 60)], [(1, 50), (2, 50)], [(1, 40)], [(2, 20)], [(0, 5), (2, 10)]];

    [Fact]
    public void Six_customers_move_the_revenue_as_defined()
    {
        var movements = Movements(Six)[2];

        movements.ShouldBe(new RevenueMovements(Previous: 290, Current: 270, New: 20, Reactivated: 10, Expansion: 30, Contraction: -40, Churned: -40));
        (movements.GrossRetention, movements.NetRetention, movements.NetRetentionWithReactivations).ShouldBe((210 / 290.0, 240 / 290.0, 250 / 290.0));
    }

    [Fact]
    public void A_customer_churns_in_the_period_after_the_last_revenue_and_never_again()
    {
        var cells = Movements([[(3, 70)]]);

        cells[3].ShouldBe(new RevenueMovements { Current = 70, New = 70 });
        cells[4].ShouldBe(new RevenueMovements { Previous = 70, Churned = -70 });
        cells.Count().ShouldBe(2);
    }

    [Fact]
    public void Revenue_that_is_negative_or_nothing_is_none()
    {
        var cells = Movements([[(0, -5), (1, 10), (2, -30), (3, 0), (4, 20)]]);

        cells[1].ShouldBe(new RevenueMovements { Current = 10, New = 10 });
        cells[2].ShouldBe(new RevenueMovements { Previous = 10, Churned = -10 });
        cells[3].ShouldBe(default);
        cells[4].ShouldBe(new RevenueMovements { Current = 20, Reactivated = 20 });
    }

    [Fact]
    public void Revenue_before_what_is_given_makes_the_first_a_reactivation()
    {
        Movements([[(1, 10)]], earlier: true)[1].ShouldBe(new RevenueMovements { Current = 10, Reactivated = 10 });
        Movements([[(1, 0), (2, 10)]], earlier: true)[2].Reactivated.ShouldBe(10);
    }

    [Fact]
    public void Without_revenue_in_the_period_before_there_is_no_rate()
    {
        var movements = Movements([[(0, 5), (2, 10)]])[2];

        (movements.GrossRetention, movements.NetRetention, movements.NetRetentionWithReactivations).ShouldBe((null, null, null));
    }

    [Fact]
    public void Every_period_equals_its_definition_and_its_movements_sum_to_the_change() =>
        Prop.ForAll<(byte Period, short Net)[][]>(customers =>
        {
            var given = customers.Select(pairs => pairs.DistinctBy(pair => pair.Period % 10).ToDictionary(pair => pair.Period % 10, pair => (long)pair.Net)).ToList();
            var cells = Movements(given.Select(periods => periods.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)).ToArray()));
            for (var t = -1; t <= 12; t++)
            {
                var pairs = given.Select(periods => (Now: R(periods, t), Before: R(periods, t - 1), Ever: periods.Any(pair => pair.Key < t && pair.Value > 0))).ToList();
                var movements = cells[t];
                movements.ShouldBe(new RevenueMovements(
                    pairs.Sum(pair => pair.Before),
                    pairs.Sum(pair => pair.Now),
                    pairs.Where(pair => pair.Before == 0 && !pair.Ever).Sum(pair => pair.Now),
                    pairs.Where(pair => pair.Before == 0 && pair.Ever).Sum(pair => pair.Now),
                    pairs.Where(pair => pair.Before > 0 && pair.Now > pair.Before).Sum(pair => pair.Now - pair.Before),
                    pairs.Where(pair => pair.Now > 0 && pair.Now < pair.Before).Sum(pair => pair.Now - pair.Before),
                    -pairs.Where(pair => pair.Now == 0).Sum(pair => pair.Before)));
                (movements.New + movements.Reactivated + movements.Expansion + movements.Contraction + movements.Churned).ShouldBe(movements.Current - movements.Previous);
                if (movements.Previous == 0) continue;
                movements.GrossRetention.ShouldBe((double)pairs.Sum(pair => Math.Min(pair.Now, pair.Before)) / movements.Previous);
                movements.NetRetention.ShouldBe((double)pairs.Where(pair => pair.Before > 0).Sum(pair => pair.Now) / movements.Previous);
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(RefundAttribution.Order)]
    [InlineData(RefundAttribution.Refund)]
    public void What_a_customer_adds_is_that_of_the_revenue_wherever_it_is_booked(RefundAttribution refunds) =>
        Prop.ForAll<(byte Day, byte Kind, byte Amount)[], PositiveInt>((told, length) =>
        {
            var customer = Told(told).View(Definition.Default with { Refunds = refunds });
            Partition[] partitions = [Definition.Default.ByDays(Grain.Week), Exact(length.Get % 40 + 1)];
            foreach (var partition in partitions)
            {
                var cells = new DenseCells<RevenueMovements>();
                RevenueRetention.Contribute(customer, partition, cells);

                var booked = customer.Bookings().GroupBy(booking => partition.IndexOf(booking.Day)).OrderBy(period => period.Key)
                    .Select(period => (period.Key, period.Sum(booking => booking.Amount))).ToArray();
                cells.ShouldBe(Movements([booked]));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_refund_on_a_day_of_its_own_lowers_that_period()
    {
        var story = new Story().Buys("2026-01-10", "1", 50).Buys("2026-02-10", "2", 80).Buys("2026-03-01", "3", 20).IsRefunded("2026-03-05", "2", 30);

        Cells(RefundAttribution.Order)[Month(3)].ShouldBe(Of(previous: 50, current: 20, contraction: -30));
        Cells(RefundAttribution.Refund)[Month(3)].ShouldBe(Of(previous: 80, current: 0, churned: -80));

        DenseCells<RevenueMovements> Cells(RefundAttribution refunds)
        {
            var cells = new DenseCells<RevenueMovements>();
            RevenueRetention.Contribute(story.View(Definition.Default with { Refunds = refunds }), Definition.Default.ByDays(Grain.Month), cells);
            return cells;
        }

        static int Month(int month) => 2026 * 12 + month - 1;

        static RevenueMovements Of(decimal previous, decimal current, decimal contraction = 0, decimal churned = 0) => new()
        {
            Previous = Currency.ToUnits(previous),
            Current = Currency.ToUnits(current),
            Contraction = Currency.ToUnits(contraction),
            Churned = Currency.ToUnits(churned),
        };
    }

    private static Partition.Exactly Exact(int days) => new(Story.Day("2026-05-01"), Story.Day("2026-05-01").AddDays(days));

    /// <summary>Orders of some days, and refunds and cancellations of the first, the second, … of them.</summary>
    private static Story Told(IEnumerable<(byte Day, byte Kind, byte Amount)> told)
    {
        var (story, orders) = (new Story(), 0);
        foreach (var (day, kind, amount) in told)
        {
            var at = Story.Day("2026-01-01").AddDays(day).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
            var order = $"{(orders == 0 ? 0 : amount % orders)}";
            if (kind % 5 < 3) story.Buys(at, $"{orders++}", amount);
            else if (kind % 5 == 3) story.IsRefunded(at, order, kind);
            else story.Cancels(at, order);
        }
        return story;
    }

    private static long R(Dictionary<int, long> periods, int t) => Math.Max(0, periods.GetValueOrDefault(t));

    private static DenseCells<RevenueMovements> Movements(IEnumerable<(int Period, long Net)[]> customers, bool earlier = false)
    {
        var cells = new DenseCells<RevenueMovements>();
        foreach (var pairs in customers)
            RevenueRetention.Contribute(pairs.Select(pair => new PeriodRevenue(pair.Period, pair.Net)).ToArray(), earlier, cells);
        return cells;
    }
}
