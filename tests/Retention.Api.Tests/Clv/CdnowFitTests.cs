using System.Text.Json;

namespace Retention.Api.Tests.Clv;

/// <summary>The imported CDNOW sample gives the published fits over HTTP.</summary>
public sealed class CdnowFitTests(ServiceFixture service)
{
    [Fact]
    public async Task The_published_fits_come_from_the_imported_sample()
    {
        var (shop, published) = await service.ImportCdnowAsync();

        var bg = await shop.FitAsync("bg-nbd");
        var mbg = await shop.FitAsync("mbg-nbd");
        var pareto = await shop.FitAsync("pareto-nbd");

        foreach (var fit in new[] { bg, mbg, pareto })
        {
            fit.Root.GetProperty("gradientNorm").GetDouble().ShouldBeLessThan(1e-6);
            fit.List("diagnostics").ShouldBeEmpty();
        }
        if (!published) return;
        ShouldBe(bg, "bg-nbd", -9582.4292, ("r", .2426), ("alpha", 4.4136), ("a", .7929), ("b", 2.4259));
        ShouldBe(mbg, "mbg-nbd", -9582.136, ("r", .5248), ("alpha", 6.1831), ("a", .8914), ("b", 1.6140));
        ShouldBe(pareto, "pareto-nbd", -9594.976, ("r", .5533), ("alpha", 10.578), ("s", .6062), ("beta", 11.669));
    }

    private static void ShouldBe(Answer fit, string model, double logLikelihood, params (string Name, double Value)[] parameters)
    {
        fit.Root.GetProperty("model").GetString().ShouldBe(model);
        fit.Number("customers").ShouldBe(2_357);
        fit.Root.GetProperty("logLikelihood").GetDouble().ShouldBe(logLikelihood, 1e-3);
        fit.Root.GetProperty("parameters").EnumerateObject().Select(parameter => parameter.Name).ShouldBe(parameters.Select(parameter => parameter.Name));
        foreach (var (name, value) in parameters) ShouldBeNear(fit.Root.GetProperty("parameters"), name, value);
        var spend = fit.Root.GetProperty("spend");
        spend.GetProperty("logLikelihood").GetDouble().ShouldBe(-4055.918, 1e-3);
        foreach (var (name, value) in new[] { ("p", 6.250), ("q", 3.744), ("gamma", 15.44) }) ShouldBeNear(spend, name, value);
    }

    private static void ShouldBeNear(JsonElement of, string name, double published) =>
        Math.Abs(of.GetProperty(name).GetDouble() / published - 1).ShouldBeLessThan(1e-3, name);
}
