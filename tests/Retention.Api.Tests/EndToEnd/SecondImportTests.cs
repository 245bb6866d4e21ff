namespace Retention.Api.Tests.EndToEnd;

[Collection(nameof(ImportedShops))]
public sealed class SecondImportTests(ImportedShops shops)
{
    [Theory]
    [InlineData("online-retail")]
    [InlineData("cdnow")]
    public async Task The_same_file_again_is_all_duplicates_and_changes_no_answer(string mapping)
    {
        var shop = shops[mapping];
        string[] questions =
        [
            "/v1/cohorts?grain=month", "/v1/cohorts?grain=week&measure=revenue", "/v1/metrics/revenue?grain=day",
            "/v1/metrics/retention?grain=month", "/v1/metrics/clv?grain=month",
        ];
        var before = await AnswersAsync();

        var report = await shop.Tenant.ImportAsync(mapping, shop.File);

        report.Count("accepted").ShouldBe(0);
        report.Count("duplicates").ShouldBe(shop.Report.Count("accepted"));
        report.Count("rejectedEvents").ShouldBe(0);
        report.Count("position").ShouldBe(shop.Report.Count("position"));
        // Byte for byte, the position included: nothing new is reflected.
        (await AnswersAsync()).ShouldBe(before);

        async Task<List<string>> AnswersAsync()
        {
            var answers = new List<string>();
            foreach (var question in questions) answers.Add((await shop.Tenant.AskAsync($"{question}&asOf={shop.Midst}")).Text);
            return answers;
        }
    }
}
