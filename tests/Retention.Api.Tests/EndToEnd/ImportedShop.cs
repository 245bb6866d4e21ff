using System.Globalization;
using System.Text.Json;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>A file that the service has imported into a tenant of its own, and the same file in SQL.</summary>
/// <param name="IsGenerated">Whether the rows stand in for a public file that is absent.</param>
public sealed record ImportedShop(string Mapping, byte[] File, bool IsGenerated, TestTenant Tenant, Recount Recount, JsonElement Report)
{
    /// <summary>A moment in the midst of the data, and of a day, a week and a month.</summary>
    public string Midst => Mapping == "cdnow" ? "1997-09-17T16:30:00Z" : "2011-06-15T11:30:00Z";

    /// <param name="when">One of <see cref="ImportedShops.Moments"/>.</param>
    public async Task<Asked> AskAsync(string when)
    {
        var query = when switch
        {
            "now" => "",
            "in its midst" => $"&asOf={Midst}",
            "in its midst, from afar" => $"&asOf={Midst}&tz=Pacific/Auckland",
            _ => throw new ArgumentOutOfRangeException(nameof(when), when, "is no moment"),
        };
        var echo = await Tenant.AskAsync($"/v1/metrics/revenue?grain=year{query}");
        // The echo bears the offset of the zone that the question is answered in.
        var asOf = DateTimeOffset.Parse(echo.Root.Word("asOf"), CultureInfo.InvariantCulture);
        return new Asked(Tenant, query, asOf, query.Contains("tz=", StringComparison.Ordinal) ? Recount.In("Pacific/Auckland") : Recount);
    }
}

/// <summary>Questions to a shop as of one moment and in one zone.</summary>
public sealed record Asked(TestTenant Tenant, string Query, DateTimeOffset AsOf, Recount Recount)
{
    /// <summary>The rows as JSON, after checking that CSV tells the same.</summary>
    public async Task<IReadOnlyList<JsonElement>> RowsAsync(string path)
    {
        var rows = (await Tenant.AskAsync($"{path}{Query}")).Rows;
        var lines = CsvLines.Of(await Tenant.AskAsync($"{path}{Query}&format=csv"));
        lines.Select(line => CsvLines.Told(line)).ShouldBe(rows.Select(CsvLines.Told));
        return rows;
    }
}

internal static class Importing
{
    /// <summary>Sends a file and waits until it is projected.</summary>
    /// <returns>The import's report.</returns>
    public static async Task<JsonElement> ImportAsync(this TestTenant tenant, string mapping, byte[] file)
    {
        var answer = await tenant.PostAsync($"/v1/imports?mapping={mapping}", file, "application/octet-stream");
        (answer.Status, answer.Member("status")?.GetString()).ShouldBe((200, "done"), answer.Text);
        var report = answer.Root.GetProperty("report");
        var reflected = await tenant.GetAsync($"/v1/metrics/revenue?grain=year&minPosition={report.Count("position")}");
        reflected.Status.ShouldBe(200, reflected.Text);
        return report;
    }
}
