namespace Retention.Browser.Tests;

/// <summary>Each page as a person meets it: light and dark, narrow and wide.</summary>
public sealed class PageTests(DashboardFixture dashboard)
{
    public static TheoryData<string, string, int> Pages()
    {
        var pages = new TheoryData<string, string, int>();
        foreach (var view in new[] { "overview", "cohorts", "value", "voice", "service", "lists" })
        {
            pages.Add(view, "light", 1440);
            pages.Add(view, "dark", 1440);
            pages.Add(view, "light", 320);
        }
        pages.Add("overview", "light", 3840);
        return pages;
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_loads_without_errors_fits_its_width_and_is_accessible(string view, string theme, int width)
    {
        var page = await dashboard.OpenAsync(width, width < 500 ? 800 : 1000);
        var errors = DashboardFixture.ErrorsOf(page);
        await dashboard.ShowAsync(page, $"?view={view}&theme={theme}");
        await page.ScreenshotAsync(new() { Path = Path.Combine(DashboardFixture.Pictures, $"{view}-{theme}-{width}.png"), FullPage = true });

        errors.ShouldBeEmpty();
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0);
        (await page.Locator(".state[role=alert]").CountAsync()).ShouldBe(0);
        await page.EvaluateAsync(dashboard.Axe);
        var violations = await page.EvaluateAsync<string[]>("async () => (await axe.run()).violations.map(found => `${found.id}: ${found.nodes.map(node => node.target).join(', ')}`)");
        violations.ShouldBeEmpty();
        await page.CloseAsync();
    }
}
