using Retention.Domain.Clv;
using Retention.Domain.Customers;

namespace Retention.Domain.Tests.Clv;

public class PurchaseDaysTests
{
    private static readonly DateOnly Start = new(2025, 1, 1);

    [Fact]
    public void Orders_of_one_day_are_one_purchase_day_and_refunds_are_taken_off()
    {
        var days = PurchaseDays.Of([On(0, 10), On(0, 20), On(3, 40, refunded: 15), On(3, 5), On(9, 0)])!.Value;

        days.ShouldBe(new PurchaseDays(Start, Start.AddDays(9), 2, 300_000));
    }

    [Fact]
    public void A_clock_that_goes_back_over_midnight_makes_no_further_day()
    {
        // In the night of the 5th the clock shows the 6th for a minute, the 5th again, and then the 6th for good.
        PurchaseDays.Of([On(0, 1), On(5, 1), On(6, 1), On(5, 1), On(6, 1), On(6, 1)])!.Value.ShouldBe(new PurchaseDays(Start, Start.AddDays(6), 2, 50_000));
        PurchaseDays.Count([On(0, 1), On(5, 1), On(6, 1), On(5, 1), On(6, 1), On(6, 1)], Start, Start.AddDays(6)).ShouldBe(2);
        // It is the first purchase that lies in the minute.
        PurchaseDays.Of([On(6, 1), On(5, 2), On(6, 4)])!.Value.ShouldBe(new PurchaseDays(Start.AddDays(5), Start.AddDays(6), 1, 50_000));
    }

    [Fact]
    public void Counting_takes_the_days_after_one_and_up_to_another()
    {
        Order[] orders = [On(0, 1), On(3, 1), On(3, 1), On(7, 1), On(9, 1)];

        PurchaseDays.Count(orders, Start, Start.AddDays(7)).ShouldBe(2);
        PurchaseDays.Count(orders, Start.AddDays(-1), Start.AddDays(9)).ShouldBe(4);
        PurchaseDays.Count(orders, Start.AddDays(9), Start.AddDays(99)).ShouldBe(0);
        PurchaseDays.Of([]).ShouldBeNull();
    }

    private static Order On(int day, int total, int refunded = 0) => new(0, Start.AddDays(day), total * 10_000, refunded * 10_000, total * 10_000, false, 0);
}
