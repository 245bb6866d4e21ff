namespace Retention.Api.Tests.EndToEnd;

/// <summary><c>GET /v1/metrics/clv</c> of imported files against SQL over their rows.</summary>
[Collection(nameof(ImportedShops))]
public sealed class ClvRecountTests(ImportedShops shops)
{
    public static TheoryData<string, string> Moments => ImportedShops.Moments;

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task What_cohorts_have_brought_in_is_the_recounted_sum(string mapping, string when)
    {
        var asked = await shops[mapping].AskAsync(when);

        var rows = (await asked.RowsAsync("/v1/metrics/clv?grain=month")).Where(row => row.Count("customers") > 0).ToList();

        var recounted = await asked.Recount.ClvAsync("month", asked.AsOf);
        rows.Select(row => (row.Day("period"), row.Count("customers"), row.Money("revenue")))
            .ShouldBe(recounted.Select(cohort => (cohort.Cohort, cohort.Customers, cohort.Revenue)).Distinct());
        foreach (var counted in recounted)
        {
            var row = rows.Single(row => row.Day("period") == counted.Cohort);
            row.ShouldHaveNear("revenuePerCustomer", counted.Revenue / counted.Customers);
            row.GetProperty("within").ShouldHaveNear($"{counted.Days}", counted.Within / counted.Customers);
        }
        recounted.ShouldContain(cohort => cohort.Within != null);
    }
}
