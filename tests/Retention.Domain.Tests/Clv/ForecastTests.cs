using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>
/// Scores against integrals over the customer's unknown rate and dropout, computed with 25 digits: four parameters, the days of the unit,
/// x, t_x and T, horizon and discount rate; then P(alive), and for an active customer the expected purchases, the discounted ones, the
/// probability to buy and the median, 10 % and 90 % quantiles of the days to the next purchase.
/// </summary>
public class ForecastTests
{
    [Theory]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 2, 200, 270, 273, 0.1, 0.704659577717518, 1.69679120940834, 1.64106538965178, 0.764963078626264, 108.976416894622, 14.4738195682305, 539.195652676755)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 0, 0, 270, 273, 0.1, 1.0, 0.195964949326198, 0.189389779890264, 0.144990864386812, 4938.29754779616, 163.650199979812, 3984685.11775636)]
    [InlineData(0.3, 30, 1, 2, 1, 1, 20, 100, 365, 0, 0.366092340581104, 2.23148020326892, 2.23148020326892, 0.824151122919103, 91.5669030714294, 10.9747788482301, 634.142089395739)]
    [InlineData(0.3, 30, 1.0000000001, 2, 1, 1, 20, 100, 365, 0, 0.366092340557897, 2.23148020319008, 2.23148020319008, 0.824151122919103, 91.5669030714294, 10.9747788482301, 634.142089395739)]
    [InlineData(0.3, 30, 0.3, 0.4, 1, 0, 0, 100, 365, 0, 1.0, 0.567697945796215, 0.567697945796215, 0.33042158342274, 1180.31789189067, 54.7006062066766, 279946.509704145)]
    [InlineData(0.3, 30, 0.6, 0.4, 1, 0, 0, 100, 365, 0, 1.0, 0.473543060319942, 0.473543060319942, 0.33042158342274, 1180.31789189067, 54.7006062066766, 279946.509704145)]
    [InlineData(0.3, 30, 2.5, 2, 1, 5000, 10900, 10957, 365, 0, 1.01303936650969e-8, 159.479005169721, 159.479005169721, 1.0, 1.52313579970379, 0.231507745810741, 5.06056199765714)]
    [InlineData(0.5, 30, 0.01, 100000, 1, 3, 300, 600, 365, 0, 0.999999038644467, 2.02777751345325, 2.02777751345325, 0.798018710519576, 137.97860214882, 19.2532289336923, 586.339569196448)]
    public void BgNbd_agrees_with_its_integrals(
        double r, double alpha, double a, double b, int unit, int x, int last, int age, int days, double rate,
        params double[] expected) =>
        ShouldGive(new BgNbd(r, alpha, a, b, (TimeUnit)unit), new CustomerPurchases(x, last, age), new Horizon(days, rate), expected);

    [Theory]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 2, 200, 270, 365, 0.15, 0.681635657786745, 2.27793739276412, 2.13780255529808, 0.857769566007988, 98.9717235868363, 13.3499319273468, 466.559189224433)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 0, 0, 0, 3650, 0.15, 0.644208509619222, 6.8532188709559, 4.76906100298829, 0.90304851697062, 118.866934649049, 9.62304807889881, 3438.4244557839)]
    [InlineData(60, 300, 0.8, 2.4, 1, 3, 10, 60, 365, 0.1, 0.000546758340873416, 19.8464910077921, 19.1980366821683, 1.0, 3.98271041528242, 0.602563809616376, 13.4010343465406)]
    [InlineData(2, 1, 0.8, 2.4, 1, 3, 10, 12, 3650, 0, 0.745408498325805, 60.4859676706356, 60.4859676706356, 0.999999999999437, 1.93307861496146, 0.276843938801756, 7.60361150199448)]
    public void MbgNbd_agrees_with_its_integrals(
        double r, double alpha, double a, double b, int unit, int x, int last, int age, int days, double rate,
        params double[] expected) =>
        ShouldGive(new MbgNbd(r, alpha, a, b, (TimeUnit)unit), new CustomerPurchases(x, last, age), new Horizon(days, rate), expected);

    [Theory]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 2, 200, 270, 273, 0.1, 0.835786704373915, 1.68264093880985, 1.62740824747176, 0.682111660675346, 84.6675033815376, 11.7035979061839, 370.188194557213)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 0, 0, 270, 365, 0.1, 0.296820678143903, 0.464744868057332, 0.444791840554003, 0.271775033881175, 283.207217533474, 32.9287061261651, 2175.78500126742)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 26, 210, 273, 365, 0.1, 0.167138080639927, 22.1443516086569, 21.1931937023668, 0.978133716066397, 8.97523775869988, 1.34954485563507, 30.7200875636681)]
    [InlineData(0.8, 30, 1, 40, 1, 3, 50, 100, 365, 0.1, 0.37066164831068, 5.25008704266417, 5.05752470538823, 0.800258055483044, 20.4508310486757, 2.92138024219801, 81.0446679918453)]
    [InlineData(0.8, 30, 1, 30, 1, 3, 50, 100, 365, 0, 0.340850040619548, 5.08068858602981, 5.08068858602981, 0.790374360265748, 20.1958505933955, 2.88506183834027, 80.0277527971836)]
    [InlineData(0.8, 30, 2.5, 30, 1, 0, 0, 100, 3650, 0.2, 0.0104222701819064, 0.529931789618608, 0.487846108021465, 0.242420654310759, 30.3853008464938, 4.21753503377481, 131.200290333456)]
    [InlineData(0.8, 300, 0.4, 5, 1, 1, 3, 40, 365, 0.1, 0.465417873414742, 1.09779131911575, 1.05375658698356, 0.477307070616391, 93.6335773909309, 11.6511375659456, 497.722980283478)]
    [InlineData(0.8, 5, 1.4, 300, 1, 1, 3, 40, 365, 0.1, 0.54122953478133, 8.60227379484397, 8.27108138227807, 0.859600398818156, 17.4176495686234, 2.32853731510695, 82.6152535591764)]
    [InlineData(0.5, 30, 0.6, 200, 1, 5000, 10900, 10957, 365, 0, 4.26911618801411e-8, 164.519465070649, 164.519465070649, 0.999881853864707, 1.52289491807069, 0.231471135385318, 5.05976154714986)]
    public void ParetoNbd_agrees_with_its_integrals(
        double r, double alpha, double s, double beta, int unit, int x, int last, int age, int days, double rate,
        params double[] expected) =>
        ShouldGive(new ParetoNbd(r, alpha, s, beta, (TimeUnit)unit), new CustomerPurchases(x, last, age), new Horizon(days, rate), expected);

    [Fact]
    public void BgNbd_takes_everybody_without_repeats_for_active_and_the_others_do_not()
    {
        var (once, year) = (new CustomerPurchases(0, 0, 3_650), new Horizon(365, 0));

        new BgNbd(.24, 4.4, .79, 2.4, TimeUnit.Week).Score(once, null, year).PAlive.ShouldBe(1);
        new MbgNbd(.52, 6.2, .89, 1.6, TimeUnit.Week).Score(once, null, year).PAlive.ShouldBeLessThan(0.5);
        new ParetoNbd(.55, 10.6, .61, 11.7, TimeUnit.Week).Score(once, null, year).PAlive.ShouldBeLessThan(0.2);
    }

    [Fact]
    public void Clv_is_the_expected_value_of_the_discounted_purchases()
    {
        var (model, value) = (new ParetoNbd(.55, 10.6, .61, 11.7, TimeUnit.Week), new GammaGamma(6.25, 3.744, 15.44));
        var customer = new CustomerPurchases(3, 200, 270, 33.1);

        var free = model.Score(customer, value, new Horizon(365, 0));
        var discounted = model.Score(customer, value, new Horizon(365, 0.1));

        free.Clv!.Value.ShouldBe(free.ExpectedPurchases * free.ExpectedAverageValue!.Value, 1e-9);
        discounted.Clv!.Value.ShouldBeInRange(free.Clv.Value / 1.1, free.Clv.Value);
        discounted.ExpectedLoss!.Value.ShouldBe(discounted.Clv.Value * (1 - discounted.PAlive), 1e-12);
        model.Score(customer, null, new Horizon(365, 0)).Clv.ShouldBeNull();
    }

    [Theory]
    [InlineData(1, 12.5, 19.4157215921726)]
    [InlineData(3, 33.1, 33.363962035917)]
    [InlineData(5_000, 20, 20.0013317230641)]
    public void The_expected_value_lies_between_the_own_mean_and_the_populations(int x, double mean, double expected) =>
        ShouldBeNear(new GammaGamma(6.25, 3.744, 15.44).ExpectedAverageValue(x, mean)!.Value, expected, 1e-12);

    [Fact]
    public void A_customer_without_repeats_has_the_populations_value()
    {
        ShouldBeNear(new GammaGamma(6.25, 3.744, 15.44).ExpectedAverageValue(0, null)!.Value, 6.25 * 15.44 / 2.744, 1e-12);
        new GammaGamma(6.25, 0.9, 15.44).ExpectedAverageValue(0, null).ShouldBeNull();
        new GammaGamma(6.25, 0.9, 15.44).ExpectedAverageValue(1, 10).ShouldNotBeNull();
    }

    [Fact]
    public void Many_customers_get_the_scores_of_one()
    {
        var (value, horizon) = (new GammaGamma(6.25, 3.744, 15.44), new Horizon(365, 0.1));
        var customers = Simulated.Customers(new MbgNbd(.6, 90, .8, 2.4), 20_000, (1, 1_200), seed: 7)
            .Select((customer, index) => new CustomerPurchases(customer.Frequency, customer.AgeAtLastPurchase, customer.Age, index % 50)).ToArray();
        foreach (PurchaseModel model in (PurchaseModel[])[new MbgNbd(.6, 90, .8, 2.4), new ParetoNbd(.7, 90, .6, 300), new ParetoNbd(.8, 300, .4, 5)])
            Scoring.All(model, value, customers, horizon).ShouldBe(customers.Select(customer => model.Score(customer, value, horizon)));
    }

    private static void ShouldGive(PurchaseModel model, CustomerPurchases customer, Horizon horizon, double[] expected)
    {
        var outlook = model.Ahead(customer.Frequency, customer.Age, horizon);
        var score = model.Score(customer, null, horizon);

        ShouldBeNear(score.PAlive, expected[0], 1e-10);
        ShouldBeNear(outlook.Purchases, expected[1], 1e-9);
        ShouldBeNear(outlook.DiscountedPurchases, expected[2], 1e-8);
        ShouldBeNear(outlook.BuysAgain, expected[3], 1e-10);
        ShouldBeNear(score.ExpectedPurchases, expected[0] * expected[1], 1e-9);
        var next = score.NextPurchase!.Value;
        ShouldBeNear(next.Median, expected[4], 1e-9);
        ShouldBeNear(next.Low, expected[5], 1e-9);
        if (expected[6] > 36_525) next.High.ShouldBeNull();
        else ShouldBeNear(next.High!.Value, expected[6], 1e-9);
    }

    private static void ShouldBeNear(double actual, double expected, double relative) =>
        Math.Abs(actual - expected).ShouldBeLessThan(relative * Math.Abs(expected), $"{actual:r} is not near {expected:r}");
}
