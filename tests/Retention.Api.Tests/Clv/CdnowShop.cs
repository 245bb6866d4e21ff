using System.Text;
using Retention.Api.Tests.EndToEnd;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.Clv;

/// <summary>The CDNOW sample in tenants of the tests' own, since a fit changes what a tenant answers.</summary>
internal static class CdnowShop
{
    /// <summary>The last day of the published calibration of 39 weeks.</summary>
    public const string CalibrationEnd = "1997-09-30";

    /// <returns>The tenant, and whether it holds the customers that the published figures are of; else the file is absent, and the customers are simulated.</returns>
    public static async Task<(TestTenant Shop, bool Published)> ImportCdnowAsync(this ServiceFixture service)
    {
        await using var file = DataFile.Cdnow();
        using var bytes = new MemoryStream();
        if (file is FileStream) await file.CopyToAsync(bytes);
        else bytes.Write(Encoding.UTF8.GetBytes(SimulatedCdnow.Rows(seed: 2)));
        var shop = service.NewTenant("cdnow");
        await shop.ImportAsync("cdnow", bytes.ToArray());
        return (shop, file is FileStream);
    }

    public static async Task<Answer> FitAsync(this TestTenant shop, string model, string end = CalibrationEnd, string unit = "week")
    {
        var answer = await shop.PostAsync("/v1/models/clv/fit", $$"""{"model":"{{model}}","observationEnd":"{{end}}","timeUnit":"{{unit}}"}""");
        answer.Status.ShouldBe(200, answer.Text);
        return answer;
    }
}
