using System.Runtime.Intrinsics;
using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>Against values computed with 40 digits and more.</summary>
public class SpecialTests
{
    [Theory]
    [InlineData(1e-300, 690.77552789821371)]
    [InlineData(1e-8, 18.420680738180209)]
    [InlineData(0.5, 0.57236494292470009)]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.0)]
    [InlineData(3.7, 1.4280723266653879)]
    [InlineData(10, 12.80182748008147)]
    [InlineData(123.456, 469.60554712992947)]
    [InlineData(1e6, 12815504.569147612)]
    [InlineData(1e15, 33538776394910669.0)]
    [InlineData(1e300, 6.8977552789821371e+302)]
    public void LogGamma_has_thirteen_digits(double x, double expected) => ShouldBeNear(Special.LogGamma(x), expected, 1e-13, least: 1);

    [Theory]
    [InlineData(1e-8, -100000000.57721565)]
    [InlineData(0.1, -10.423754940411077)]
    [InlineData(0.5, -1.9635100260214235)]
    [InlineData(1, -0.57721566490153286)]
    [InlineData(1.4616321449683623, 0)]
    [InlineData(3.7, 1.1671535393615114)]
    [InlineData(12, 2.442661679975812)]
    [InlineData(1000.5, 6.9077553206487964)]
    [InlineData(1e10, 23.025850929890457)]
    public void Digamma_has_thirteen_digits(double x, double expected) =>
        ShouldBeNear(Special.Digamma(x), expected, 1e-13, least: 1);

    [Theory]
    [InlineData(0.5, 0.5, 1.1447298858494002)]
    [InlineData(1, 1, 0.0)]
    [InlineData(3, 4, -4.0943445622221007)]
    [InlineData(1e-10, 2, 23.025850929840457)]
    [InlineData(1e-10, 1e-10, 23.718998110500402)]
    [InlineData(9.99, 10.01, -13.736218710401053)]
    [InlineData(0.3, 12, 0.35912243359971942)]
    [InlineData(2.5, 1e6, -34.254095399436516)]
    [InlineData(3, 1e15, -102.92318200417211)]
    [InlineData(1e8, 1e8, -138629444.05681731)]
    [InlineData(1e12, 3.5, -95.50760030340722)]
    [InlineData(15, 1e10, -320.19654277686817)]
    [InlineData(1e-300, 1e300, 690.77552789821371)]
    public void LogBeta_has_thirteen_digits_however_large_its_arguments_are(double a, double b, double expected)
    {
        ShouldBeNear(Special.LogBeta(a, b), expected, 1e-13, least: 1);
        Special.LogBeta(b, a).ShouldBe(Special.LogBeta(a, b));
    }

    [Theory]
    [InlineData(1e-300, 1.0e-300, 1.0e-300)]
    [InlineData(1e-18, 1.0e-18, 1.0e-18)]
    [InlineData(-1e-12, -9.999999999995e-13, -1.0000000000005e-12)]
    [InlineData(1e-5, 1.0000050000166667e-5, 9.9999500003333308e-6)]
    [InlineData(0.3, 0.3498588075760031, 0.26236426446749105)]
    [InlineData(-0.9, -0.59343034025940089, -2.3025850929940457)]
    [InlineData(5, 147.4131591025766, 1.791759469228055)]
    public void Exponential_and_logarithm_near_one_keep_their_digits(double x, double exponential, double logarithm)
    {
        ShouldBeNear(Special.ExpM1(x), exponential, 1e-15);
        ShouldBeNear(Special.Log1P(x), logarithm, 1e-15);
    }

    [Theory]
    [InlineData(0, 2.5, 2.5)]
    [InlineData(1e-320, 2.5, 2.5)]
    [InlineData(1e-12, 2.5, 2.499999999996875)]
    [InlineData(-1, 2, 6.38905609893065)]
    [InlineData(1, 2, 0.86466471676338731)]
    public void The_integral_of_an_exponential_has_no_gap_at_rate_zero(double rate, double length, double expected) =>
        ShouldBeNear(Special.ExponentialIntegral(rate, length), expected, 1e-14);

    [Theory]
    [InlineData(0.5, 1.5, 0.3, 0.11605175286692619)]
    [InlineData(1, 2, 0.5, 0.32663425997828098)]
    [InlineData(0.8, 5001.2, 0.9, 0.00014400172733620709)]
    [InlineData(5000.3, 5001.9, 0.9, 2.2997154524916813)]
    [InlineData(1.6, 2.16, 0, 0)]
    [InlineData(1e-9, 0.3, 0.9, 1.6711039474573189e-8)]
    [InlineData(2.5, 2.5, 0.9, 2.3025850929940457)]
    public void Gauss_function_has_all_its_digits(double upper, double lower, double z, double expected)
    {
        var (u, c, at) = (Vector256.Create(upper), Vector256.Create(lower), Vector256.Create(z));

        ShouldBeNear(Math.Log(Gauss2F1.Of(u, c, at)[2]), expected, 1e-14, least: 1);
        ShouldBeNear(Math.Log(Gauss2F1.WithDerivatives(u, c, at).F[1]), expected, 1e-14, least: 1);
    }

    [Fact]
    public void Exponentials_in_eights_are_those_of_one()
    {
        var x = Vector512.Create(1e-18, -1e-12, 1e-5, 0.3, -0.9, 0, -50, 700);
        var all = Special.ExpM1(x);
        for (var lane = 0; lane < 8; lane++) ShouldBeNear(all[lane], Special.ExpM1(x[lane]), 1e-15);
    }

    [Theory]
    [InlineData(10.58, 11.67, 0.5533, 1.6062, 0.0, -2.9681108324370446)]
    [InlineData(10.58, 11.67, 7.5533, 0.6062, 33.0, -29.005833328301649)]
    [InlineData(50.0, 1.0, 1.5, 1.2, 0.0, -5.0059408443499129)]
    [InlineData(1.0, 50.0, 1.5, 1.2, 0.0, -4.2335703351595749)]
    [InlineData(10.0, 10.0, 2.5, 1.0, 4.0, -7.5139340559123016)]
    [InlineData(10.0, 10.0, 5000.5, 2.0, 1500.0, -36618.821939585989)]
    [InlineData(12.0, 7.0, 5001.0, 1.6, 1565.0, -36836.691615329483)]
    [InlineData(7.0, 12.0, 5001.0, 1.6, 1565.0, -36820.818624411069)]
    [InlineData(12.0, 7.0, 2.2, 1.0, 0.0, -5.9012370586412135)]
    [InlineData(100.0, 0.1, 0.6, 1.3, 0.5, -1.6274878042297562)]
    [InlineData(1e5, 1e3, 1003, 1.5, 100, -11554.486488182623)]
    [InlineData(1e3, 1e5, 1003, 1000, 10, -18451.486272455538)]
    [InlineData(5e4, 100, 300.5, 1.6, 400, -3258.9253853159916)]
    [InlineData(1e6, 1, 0.4, 0.7, 0, 1.1661558888860758)]
    [InlineData(1, 1e6, 0.4, 0.7, 0, 1.0084899492073027)]
    [InlineData(1, 1e6, 5000.4, 1.7, 3, -6962.6434752168889)]
    [InlineData(1e6, 1, 5000.4, 1.7, 3, -69083.8466227528)]
    public void The_tail_integral_has_twelve_digits(double alpha, double beta, double m, double n, double t, double expected) =>
        ShouldBeNear(new TailIntegral(alpha, beta).Log(m, n, t), expected, 1e-12);

    // Near a root of a function only the absolute error can be small, and for a logarithm that is what counts.
    private static void ShouldBeNear(double actual, double expected, double error, double least = 0) =>
        Math.Abs(actual - expected).ShouldBeLessThanOrEqualTo(error * Math.Max(least, Math.Abs(expected)), $"{actual:r} is not near {expected:r}");
}
