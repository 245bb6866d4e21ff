using System.Text.Json;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary><c>GET /v1/metrics/retention</c> of imported files against a walk over purchase days in SQL.</summary>
[Collection(nameof(ImportedShops))]
public sealed class RetentionRecountTests(ImportedShops shops)
{
    public static TheoryData<string, string> Moments => ImportedShops.Moments;

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task The_waterfall_of_the_usual_window_is_the_recounted_one(string mapping, string when) =>
        await HoldsAsync(mapping, when, "month", 90);

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task The_waterfall_of_a_month_long_window_is_the_recounted_one(string mapping, string when)
    {
        await HoldsAsync(mapping, when, "month", 30);
        await HoldsAsync(mapping, when, "week", 30);
    }

    [Theory]
    [InlineData("online-retail")]
    [InlineData("cdnow")]
    public async Task Rates_follow_from_the_recounted_waterfall(string mapping)
    {
        var asked = await shops[mapping].AskAsync("in its midst");
        var rows = (await asked.Tenant.AskAsync($"/v1/metrics/retention?grain=month{asked.Query}")).Rows;
        foreach (var (row, counted) in rows.Zip(await asked.Recount.RetentionAsync("month", asked.AsOf, 90)))
        {
            row.Rate("retentionRate").ShouldBe(Share(counted.Retained, counted.Opening));
            row.Rate("churnRate").ShouldBe(Share(counted.Lost, counted.Opening));
            row.Rate("retentionRateFormula").ShouldBe(Share(counted.Closing - counted.Acquired, counted.Opening));
        }
    }

    private async Task HoldsAsync(string mapping, string when, string grain, int window)
    {
        var asked = await shops[mapping].AskAsync(when);
        var activity = window == 90 ? "" : $"&activity=window:{window}d";

        var rows = await asked.RowsAsync($"/v1/metrics/retention?grain={grain}{activity}");

        var recounted = await asked.Recount.RetentionAsync(grain, asked.AsOf, window);
        rows.Take(recounted.Count).Select(Waterfall).ShouldBe(recounted);
        // After the last lapse nobody is left to gain or lose.
        rows.Skip(recounted.Count).Select(Waterfall).ShouldAllBe(
            row => row.Opening + row.Acquired + row.Reactivated + row.Lapsed + row.Closing == 0);
        recounted.Sum(row => row.Reactivated).ShouldBeGreaterThan(0);
    }

    private static Recount.Waterfall Waterfall(JsonElement row) => new(
        row.Day("period"), row.Word("status"), row.Count("opening"), row.Count("acquired"), row.Count("reactivated"), row.Count("lapsed"),
        row.Count("lapsedOld"), row.Count("closing"), row.Count("lost"), row.Count("retained"));

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}
