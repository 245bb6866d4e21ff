using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>A orders Jan 5, Feb 7 and Apr 1; B Jan 20 and Mar 2; C Feb 11: the example of the cohorts' definition.</summary>
public sealed class CohortExampleTests(ServiceFixture service)
{
    private const string Question = "/v1/cohorts?grain=month&periods=3&asOf=2025-05-01T00:00:00Z";

    [Fact]
    public async Task The_example_of_the_definition() => Verified.Scrubbed(await AskAsync(Question)).ShouldBeVerified();

    [Fact]
    public async Task The_example_as_csv_has_one_line_a_cell() => (await AskAsync($"{Question}&format=csv")).ShouldBeVerified();

    [Fact]
    public async Task On_or_after_counts_whoever_orders_then_or_later() =>
        Verified.Scrubbed(await AskAsync($"{Question}&mode=on_or_after")).ShouldBeVerified();

    [Fact]
    public async Task Revenue_has_no_rate_and_its_own_first_column() =>
        Verified.Scrubbed(await AskAsync($"{Question}&measure=revenue")).ShouldBeVerified();

    private async Task<string> AskAsync(string question)
    {
        var shop = service.NewTenant("cohorts");
        await shop.AcceptAsync(
            Order("A", "2025-01-05", 20.00m), Order("A", "2025-02-07", 30.00m), Order("A", "2025-04-01", 10.00m),
            Order("B", "2025-01-20", 40.00m), Order("B", "2025-03-02", 15.50m), Order("C", "2025-02-11", 12.25m));
        return (await shop.AskAsync(question)).Text;
    }
}
