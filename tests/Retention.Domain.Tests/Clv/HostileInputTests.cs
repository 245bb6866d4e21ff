using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>Whatever the customers are like, a fit gives finite figures or says why it gives none.</summary>
public class HostileInputTests
{
    private const int ThirtyYears = 10_957;

    private static readonly Horizon[] Horizons = [new(1, 0), new(365, 0.1), new(36_500, 2)];

    public static TheoryData<PurchaseModel> Models =>
    [
        new BgNbd(.24, 4.4, .79, 2.4, TimeUnit.Week), new BgNbd(.3, 30, 1, 2), new BgNbd(.3, 30, .3, .4), new BgNbd(.3, 30, .6, .4),
        new BgNbd(1e-3, 1e-3, 1e-6, 1e6), new BgNbd(1e4, 1e6, 50, 1e-3),
        new MbgNbd(.52, 6.2, .89, 1.6, TimeUnit.Week), new MbgNbd(.3, 30, 1, 2), new MbgNbd(1e4, 1e6, 50, 1e-3),
        new ParetoNbd(.55, 10.6, .61, 11.7, TimeUnit.Week), new ParetoNbd(.8, 30, 1, 30), new ParetoNbd(.8, 30, 1, 40), new ParetoNbd(.8, 30, 2, 30),
        new ParetoNbd(1e-3, 1, 1e-6, 1e3), new ParetoNbd(1e3, 1e5, 1e3, 1e6), new ParetoNbd(1, 1e4, 0.5, 1),
    ];

    public static TheoryData<string, PurchasePattern[]> Customers => new()
    {
        { "one customer", [new(3, 100, 200)] },
        { "one customer without repeats", [new(0, 0, 200)] },
        { "nobody with a repeat", [new(0, 0, 200, 1_000), new(0, 0, 10, 500)] },
        { "equal customers", [new(4, 150, 200, 10_000)] },
        { "equal ages", [new(0, 0, 100, 500), new(1, 30, 100, 300), new(2, 60, 100, 200)] },
        { "nobody observed for a day", [new(0, 0, 0, 100)] },
        { "a purchase on each day", [new(5_000, 5_000, 5_000, 10)] },
        { "x of 5 000 in 30 years among ordinary customers", [.. Ordinary, new(5_000, 10_900, ThirtyYears), new(0, 0, ThirtyYears, 20), new(1, 1, ThirtyYears)] },
        { "all seen on their last day", [new(1, 10, 10, 50), new(2, 40, 40, 50), new(3, 90, 90, 50), new(1, 80, 80, 10)] },
        { "all gone after the first repeat", [new(1, 1, 900, 500), new(1, 2, 1_000, 500), new(1, 3, 800, 100)] },
        { "two customers", [new(1, 10, 100), new(7, 300, 310)] },
    };

    private static IEnumerable<PurchasePattern> Ordinary => Simulated.Customers(new MbgNbd(.6, 90, .8, 2.4), 2_000, (200, 1_200), seed: 5);

    [Theory, MemberData(nameof(Models))]
    public void Scores_are_finite(PurchaseModel model)
    {
        CustomerPurchases[] customers =
        [
            new(0, 0, 0), new(0, 0, 1), new(0, 0, ThirtyYears), new(1, 1, 1, 5), new(1, 1, ThirtyYears, 5), new(5_000, 5_000, 5_000, 1e6),
            new(5_000, 10_900, ThirtyYears, 1e-6), new(5_000, 5_000, ThirtyYears, 20), new(12, 300, 400, 20),
        ];
        foreach (var horizon in Horizons)
        {
            foreach (var score in Scoring.All(model, new GammaGamma(6.25, 3.744, 15.44), customers, horizon)) ShouldBeFinite(score, horizon);
        }
    }

    [Theory, MemberData(nameof(Customers))]
    public void A_fit_is_finite_or_refused_with_a_reason(string _, PurchasePattern[] customers)
    {
        var statistics = PurchaseStatistics.Of(customers);
        ShouldBeFiniteOrRefused(BgNbd.Fit(statistics), customers);
        ShouldBeFiniteOrRefused(MbgNbd.Fit(statistics), customers);
        ShouldBeFiniteOrRefused(ParetoNbd.Fit(statistics), customers);
    }

    [Fact]
    public void Nobody_and_nobody_with_a_repeat_are_refused_by_name()
    {
        BgNbd.Fit(PurchaseStatistics.Of([])).ShouldBeOfType<Fit<BgNbd>.Refused>().Reason.ShouldBe(FitRefusal.NoCustomers);
        ParetoNbd.Fit(PurchaseStatistics.Of([new(0, 0, 90, 7)])).ShouldBeOfType<Fit<ParetoNbd>.Refused>().Reason.ShouldBe(FitRefusal.NoRepeatPurchases);
        GammaGamma.Fit([new(0, 5), new(2, 0)]).ShouldBeOfType<Fit<GammaGamma>.Refused>().Reason.ShouldBe(FitRefusal.NoRepeatPurchases);
    }

    [Fact]
    public void Equal_customers_are_refused()
    {
        var statistics = PurchaseStatistics.Of([new(4, 150, 200, 10_000)]);
        MbgNbd.Fit(statistics).ShouldBeOfType<Fit<MbgNbd>.Refused>();
        ParetoNbd.Fit(statistics).ShouldBeOfType<Fit<ParetoNbd>.Refused>();
        GammaGamma.Fit([new(4, 20, 10_000)]).ShouldBeOfType<Fit<GammaGamma>.Refused>();
    }

    [Fact]
    public void Customers_who_never_drop_out_are_a_boundary_fit()
    {
        var statistics = PurchaseStatistics.Of(Simulated.Customers(new MbgNbd(1.2, 60, 1e-5, 10), 5_000, (300, 400), seed: 4));

        MbgNbd.Fit(statistics).ShouldBeOfType<Fit<MbgNbd>.Accepted>().Diagnostics.Boundary.ShouldBe(Boundary.NoDropout);
        ParetoNbd.Fit(statistics).ShouldBeOfType<Fit<ParetoNbd>.Accepted>().Diagnostics.Boundary.ShouldBe(Boundary.NoDropout);
    }

    [Theory]
    [InlineData(-1, 0, 10)]
    [InlineData(1, 0, 10)]
    [InlineData(0, 5, 10)]
    [InlineData(6, 5, 10)]
    [InlineData(2, 11, 10)]
    public void Patterns_that_no_customer_can_have_are_refused(int x, int last, int age)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => PurchaseStatistics.Of([new(x, last, age)]));
        Should.Throw<ArgumentOutOfRangeException>(() =>
            new MbgNbd(.5, 6, .9, 1.6).Score(new CustomerPurchases(x, last, age), null, new Horizon(365, 0)));
    }

    private static void ShouldBeFiniteOrRefused<TModel>(Fit<TModel> fit, PurchasePattern[] customers)
        where TModel : PurchaseModel
    {
        if (fit is Fit<TModel>.Refused refused)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{typeof(TModel).Name}: {refused.Reason}: {refused.Explanation}");
            refused.Explanation.ShouldNotBeEmpty();
            return;
        }
        var (model, diagnostics) = fit.ShouldBeOfType<Fit<TModel>.Accepted>();
        TestContext.Current.TestOutputHelper?.WriteLine($"{model}: {diagnostics}");
        double.IsFinite(diagnostics.LogLikelihood).ShouldBeTrue();
        model.Parameters.ShouldAllBe(parameter => double.IsFinite(parameter) && parameter > 0);
        diagnostics.StandardErrors?.ShouldAllBe(error => double.IsFinite(error) && error > 0);
        foreach (var horizon in Horizons)
        {
            foreach (var customer in customers)
                ShouldBeFinite(model.Score(new(customer.Frequency, customer.AgeAtLastPurchase, customer.Age), null, horizon), horizon);
        }
    }

    private static void ShouldBeFinite(Score score, Horizon horizon)
    {
        score.PAlive.ShouldBeInRange(0, 1);
        score.BuysAgain.ShouldBeInRange(0, 1);
        score.ExpectedPurchases.ShouldBeInRange(0, 1e4 * horizon.Days);
        if (score.Clv is { } clv) clv.ShouldBeInRange(0, 1e7 * score.ExpectedPurchases + 1e-9);
        if (score.NextPurchase is not { } next) return;
        next.Low.ShouldBeInRange(0, next.Median);
        next.High?.ShouldBeGreaterThan(next.Median);
    }
}
