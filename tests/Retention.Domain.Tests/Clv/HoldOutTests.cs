using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

public class HoldOutTests
{
    // Twenty customers: of number i, i tenths are expected, and the upper half buys once.
    private static readonly Forecast[] Twenty = [.. Enumerable.Range(0, 20).Select(i => new Forecast(i / 10.0, i / 20.0, 1, i < 10 ? 0 : 1))];

    [Fact]
    public void Errors_are_in_purchase_days_for_a_customer()
    {
        var result = HoldOut.Evaluate(Twenty)!;

        result.Customers.ShouldBe(20);
        result.Expected.ShouldBe(19, 1e-12);
        result.Actual.ShouldBe(10);
        // Of the lower half the errors are 0 … 0.9, of the upper half 0 … 0.9 likewise.
        result.Model.MeanAbsoluteError.ShouldBe(0.45, 1e-12);
        result.Model.Bias.ShouldBe(0.45, 1e-12);
        result.Naive.ShouldBe(new Accuracy(0.5, 0.5));
    }

    [Fact]
    public void The_Brier_score_is_that_of_the_risk()
    {
        var result = HoldOut.Evaluate([new(1, 0.9, 0, 3), new(1, 0.6, 0, 0), new(0, 0, 0, 0), new(0, 0.5, 0, 1)])!;

        result.Brier.ShouldBe((0.01 + 0.36 + 0 + 0.25) / 4, 1e-12);
        result.BrierOfBaseRate.ShouldBe(0.25);
    }

    [Fact]
    public void Deciles_hold_a_tenth_each_in_the_order_of_what_was_expected()
    {
        var deciles = HoldOut.Evaluate(Twenty)!.Deciles;

        deciles.Select(decile => decile.Number).ShouldBe(Enumerable.Range(1, 10));
        deciles.ShouldAllBe(decile => decile.Customers == 2);
        deciles[0].Expected.ShouldBe(0.05, 1e-12);
        deciles[9].Expected.ShouldBe(1.85, 1e-12);
        deciles.Select(decile => Math.Round(decile.Actual, 12)).ShouldBe([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    }

    [Fact]
    public void Customers_of_whom_the_same_is_expected_are_not_ordered_by_what_they_did()
    {
        var equal = Enumerable.Range(0, 15).Select(i => new Forecast(1, 0.5, 1, i < 5 ? 3 : 0)).ToArray();

        HoldOut.Evaluate(equal)!.Deciles.ShouldAllBe(decile => Math.Abs(decile.Actual - 1) < 1e-12 && decile.Customers == 1.5);
    }

    [Fact]
    public void The_order_of_the_forecasts_does_not_matter() =>
        HoldOut.Evaluate(Twenty.Reverse()).ShouldBeEquivalentTo(HoldOut.Evaluate(Twenty));

    [Fact]
    public void Nobody_has_no_evaluation() => HoldOut.Evaluate([]).ShouldBeNull();

    [Theory]
    [InlineData(4, 730, 365, 4)]
    [InlineData(4, 100, 50, 2)]
    [InlineData(0, 100, 50, 0)]
    [InlineData(0, 0, 50, 0)]
    public void The_naive_forecast_goes_on_as_in_the_last_year(int repeats, int age, int days, double expected) =>
        HoldOut.LastYearsRate(repeats, age, days).ShouldBe(expected, 1e-12);

    [Fact]
    public void On_CDNOW_the_model_beats_the_naive_forecast_and_the_base_rate()
    {
        var cdnow = Cdnow.Read();
        var model = MbgNbd.Fit(cdnow.Statistics, TimeUnit.Week).ShouldBeOfType<Fit<MbgNbd>.Accepted>().Model;
        var horizon = new Horizon(Cdnow.HoldOutDays, 0);

        var result = HoldOut.Evaluate(cdnow.Customers.Select(customer =>
        {
            var (x, last, age, _) = customer.Pattern;
            var score = model.Score(new CustomerPurchases(x, last, age), null, horizon);
            return new Forecast(score.ExpectedPurchases, score.BuysAgain, HoldOut.LastYearsRate(x, age, horizon.Days), customer.Later);
        }))!;

        Math.Abs(result.Model.Bias).ShouldBeLessThan(result.Naive.Bias / 2);
        result.Model.MeanAbsoluteError.ShouldBeLessThan(0.9 * result.Naive.MeanAbsoluteError);
        result.Brier.ShouldBeLessThan(0.85 * result.BrierOfBaseRate);
        Math.Abs(result.Deciles[9].Expected / result.Deciles[9].Actual - 1).ShouldBeLessThan(0.15);
    }
}
