using System.Globalization;
using System.IO.Compression;
using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>The published fits of the CDNOW sample, with times in weeks, and the boundary that the UCI retail data are known for.</summary>
public class PublishedFitTests
{
    [Fact]
    public void BgNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => BgNbd.Fit(statistics, TimeUnit.Week), -9582.4292, new BgNbd(.2426, 4.4136, .7929, 2.4259, TimeUnit.Week));

    [Fact]
    public void MbgNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => MbgNbd.Fit(statistics, TimeUnit.Week), -9582.136, new MbgNbd(.5248, 6.1831, .8914, 1.6140, TimeUnit.Week));

    [Fact]
    public void ParetoNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => ParetoNbd.Fit(statistics, TimeUnit.Week), -9594.976, new ParetoNbd(.5533, 10.578, .6062, 11.669, TimeUnit.Week));

    [Fact]
    public void GammaGamma_of_CDNOW_is_the_published_one()
    {
        var cdnow = Cdnow.Read();
        var published = new GammaGamma(6.250, 3.744, 15.44);

        var (model, diagnostics) = GammaGamma.Fit(cdnow.Spends).ShouldBeOfType<Fit<GammaGamma>.Accepted>();

        diagnostics.LogLikelihood.ShouldBe(model.LogLikelihood(cdnow.Spends), 1e-6);
        diagnostics.LogLikelihood.ShouldBeGreaterThan(published.LogLikelihood(cdnow.Spends));
        if (!cdnow.Published) return;
        diagnostics.Customers.ShouldBe(946);
        diagnostics.LogLikelihood.ShouldBe(-4055.918, 1e-3);
        ShouldBeNear([model.P, model.Q, model.Gamma], [published.P, published.Q, published.Gamma]);
    }

    [Fact]
    public void The_wholesalers_customers_show_no_dropout()
    {
        var statistics = PurchaseStatistics.Of(OnlineRetail());

        BgNbd.Fit(statistics).ShouldBeOfType<Fit<BgNbd>.Accepted>().Diagnostics.Boundary.ShouldBe(Boundary.NoDropout);
        MbgNbd.Fit(statistics).ShouldBeOfType<Fit<MbgNbd>.Accepted>().Diagnostics.Boundary.ShouldBe(Boundary.NoDropout);
        ParetoNbd.Fit(statistics).ShouldBeOfType<Fit<ParetoNbd>.Accepted>().Diagnostics.Boundary.ShouldBe(Boundary.NoDropout);
    }

    private static void ShouldBe<TModel>(Func<PurchaseStatistics, Fit<TModel>> fit, double logLikelihood, TModel published)
        where TModel : PurchaseModel
    {
        var cdnow = Cdnow.Read();

        var (model, diagnostics) = fit(cdnow.Statistics).ShouldBeOfType<Fit<TModel>.Accepted>();

        diagnostics.Customers.ShouldBe(2_357);
        diagnostics.LogLikelihood.ShouldBeGreaterThan(published.LogLikelihood(cdnow.Statistics));
        if (!cdnow.Published) return;
        diagnostics.LogLikelihood.ShouldBe(logLikelihood, 1e-3);
        ShouldBeNear(model.Parameters, published.Parameters);
    }

    private static void ShouldBeNear(IEnumerable<double> actual, IEnumerable<double> expected) =>
        actual.Zip(expected, (own, published) => Math.Abs(own / published - 1)).Max().ShouldBeLessThan(1e-3);

    // Days with an invoice of the UCI retail data, returns left out: each line ends in quantity, date, price, customer and country.
    private static IEnumerable<PurchasePattern> OnlineRetail()
    {
        if (DataFile.Find("online_retail_uci.csv.gz") is not { } path)
            return Simulated.Customers(new MbgNbd(.83, 69, 1e-5, 10), 4_000, (1, 373), seed: 4);

        using var text = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var days = new Dictionary<string, SortedSet<int>>(StringComparer.Ordinal);
        for (text.ReadLine(); text.ReadLine() is { } line;)
        {
            var fields = line.Split(',')[^5..];
            if (line[0] == 'C' || fields[3].Length == 0 || fields[0][0] == '-') continue;
            if (!days.TryGetValue(fields[3], out var own)) days.Add(fields[3], own = []);
            own.Add(DateOnly.Parse(fields[1].AsSpan(0, 10), CultureInfo.InvariantCulture).DayNumber);
        }
        var end = days.Values.Max(own => own.Max);
        return days.Values.Select(own => new PurchasePattern(own.Count - 1, own.Max - own.Min, end - own.Min)).ToArray();
    }
}
