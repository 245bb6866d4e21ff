using System.Text.Json;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The wholesaler's customers, whose purchases show no dropout: fitted, and said to be so wherever the fit is used.</summary>
[Collection(nameof(ImportedShops))]
public sealed class BoundaryFitTests(ImportedShops shops)
{
    [Fact]
    public async Task The_imported_online_retail_data_are_a_boundary_fit()
    {
        var shop = shops["online-retail"];

        var fit = await shop.Tenant.PostAsync("/v1/models/clv/fit", """{"model":"mbg-nbd","observationEnd":"2011-12-09"}""");

        // Nothing is known of generated customers but that they get an answer.
        if (shop.IsGenerated)
        {
            fit.Status.ShouldBeOneOf(200, 422);
            return;
        }
        fit.Status.ShouldBe(200, fit.Text);
        Meaningless(fit.List("diagnostics")).ShouldBeTrue(fit.Text);
        var (a, b) = (Parameter(fit, "a"), Parameter(fit, "b"));
        (a / (a + b)).ShouldBeLessThan(1e-3);
        foreach (var path in new[] { "/v1/metrics/clv?grain=year", "/v1/segments/at-risk?limit=1" })
            Meaningless([.. (await shop.Tenant.AskAsync(path)).Root.GetProperty("fit").GetProperty("diagnostics").EnumerateArray()]).ShouldBeTrue(path);
    }

    private static bool Meaningless(IEnumerable<JsonElement> diagnostics) => diagnostics.Any(sentence => sentence.GetString()!.Contains("P(alive) is meaningless"));

    private static double Parameter(Answer fit, string name) => fit.Root.GetProperty("parameters").GetProperty(name).GetDouble();
}
