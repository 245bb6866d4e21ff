using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Retention.Browser.Tests;

/// <summary>What the pages say and do.</summary>
public sealed class DashboardTests(DashboardFixture dashboard)
{
    [Fact]
    public async Task Figures_on_the_overview_are_the_services()
    {
        var page = await dashboard.OpenAsync();
        await dashboard.ShowAsync(page, "?view=overview&range=all");
        var rows = (await dashboard.AskAsync("/v1/metrics/retention?grain=month")).GetProperty("rows").EnumerateArray().ToList();
        var last = rows.Last(row => row.GetProperty("status").GetString() == "complete");
        (await page.Locator("[data-kpi=retention] .kpi-value").InnerTextAsync()).ShouldBe(Percent(last, "retentionRate"));
        (await page.Locator("[data-kpi=active] .kpi-value").InnerTextAsync()).ShouldBe(Whole(last, "closing"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Table: Retention and churn" }).ClickAsync();
        var shown = await CellsAsync(page.GetByRole(AriaRole.Region, new() { Name = "Retention and churn", Exact = true }).Locator("tbody tr"));
        shown.Select(row => (row[1], row[3], row[5])).ShouldBe(
            rows.Where(row => row.GetProperty("opening").ValueKind == JsonValueKind.Number && row.GetProperty("opening").GetInt64() > 0)
                .Select(row => (Percent(row, "retentionRate"), Percent(row, "churnRate"), Whole(row, "opening"))));
        await page.CloseAsync();
    }

    [Fact]
    public async Task Every_cell_of_the_heat_map_is_the_services()
    {
        var page = await dashboard.OpenAsync();
        await dashboard.ShowAsync(page, "?view=cohorts&range=all&mode=on_or_after");
        var cohorts = (await dashboard.AskAsync("/v1/cohorts?grain=month&mode=on_or_after&periods=60")).GetProperty("cohorts").EnumerateArray().ToList();
        var cells = cohorts.SelectMany(cohort => cohort.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("value").ValueKind == JsonValueKind.Number && cell.GetProperty("status").GetString() != "not_observable")
            .Select(cell => $"{cohort.GetProperty("cohort").GetString()} {cell.GetProperty("k")} {Percent(cell, "rate", cell.GetProperty("k").GetInt32() == 0 ? 0 : 1)}"));
        var shown = await page.Locator("button.cell").EvaluateAllAsync<string[]>("cells => cells.map(cell => `${cell.dataset.cohort} ${cell.dataset.k} ${cell.textContent}`)");
        shown.ShouldBe(cells, ignoreOrder: true);
        shown.Length.ShouldBeGreaterThan(100);
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_heat_map_is_walked_by_keys_and_tells_of_each_cell()
    {
        var page = await dashboard.OpenAsync();
        var errors = DashboardFixture.ErrorsOf(page);
        await dashboard.ShowAsync(page, "?view=cohorts");
        await page.Locator("button.cell[tabindex='0']").FocusAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("ArrowRight");
        var name = await page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-label')");
        name.ShouldContain(", 1: ");
        (await page.Locator(".tip").InnerTextAsync()).ShouldContain("95 % interval");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("dialog[open] table").First.WaitForAsync();
        var cell = await page.EvaluateAsync<string[]>("[document.activeElement.closest('dialog') && document.querySelector('.facts div:nth-child(2) b').textContent, document.querySelector('dialog[open] h3').textContent]");
        cell[1].ShouldEndWith($"({cell[0]})", customMessage: "as many customers are behind the cell as it counts");
        await page.Keyboard.PressAsync("Escape");
        (await page.Locator("dialog[open]").CountAsync()).ShouldBe(0);
        errors.ShouldBeEmpty();
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_address_holds_what_is_shown()
    {
        var page = await dashboard.OpenAsync();
        await dashboard.ShowAsync(page, "");
        await page.GetByRole(AriaRole.Link, new() { Name = "Cohorts" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Quarter" }).ClickAsync();
        await page.GetByLabel("Add a filter").SelectOptionAsync(new SelectOptionValue { Value = "country:FI" });
        var address = new Uri(page.Url).Query;
        address.ShouldSatisfyAllConditions(() => address.ShouldContain("view=cohorts"), () => address.ShouldContain("grain=quarter"), () => address.ShouldContain("filter=country%3AFI"));
        await dashboard.ShowAsync(page, address);
        (await page.Locator(".chip").InnerTextAsync()).ShouldStartWith("Country FI");
        await page.GoBackAsync();
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_page_speaks_Finnish()
    {
        var page = await dashboard.OpenAsync();
        await dashboard.ShowAsync(page, "?view=service&lang=fi");
        (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe("fi");
        (await page.GetByRole(AriaRole.Heading, new() { Name = "Lupaus pidetty" }).CountAsync()).ShouldBe(1);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_key_is_asked_for_once()
    {
        var page = await dashboard.OpenAsync();
        await page.RouteAsync("**/v1/**", route => route.Request.Headers.GetValueOrDefault("authorization") == "Bearer rk_secret"
            ? route.ContinueAsync() : route.FulfillAsync(new() { Status = 401, Body = "{}" }));
        await page.GotoAsync($"{dashboard.Url}?view=overview");
        await page.GetByLabel("API key").FillAsync("rk_secret");
        await page.Keyboard.PressAsync("Enter");
        await DashboardFixture.SettledAsync(page);
        (await page.Locator("[data-kpi=retention]").CountAsync()).ShouldBe(1);
        (await page.Locator("dialog[open]").CountAsync()).ShouldBe(0);
        await page.CloseAsync();
    }

    private static Task<string[][]> CellsAsync(ILocator rows) => rows.EvaluateAllAsync<string[][]>("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))");

    private static string Percent(JsonElement row, string name, int digits = 1) => row.GetProperty(name) is { ValueKind: JsonValueKind.Number } rate
        ? $"{(Math.Round(rate.GetDecimal() * 100, digits, MidpointRounding.AwayFromZero)).ToString($"F{digits}", CultureInfo.InvariantCulture)}%" : "–";

    private static string Whole(JsonElement row, string name) => row.GetProperty(name).GetInt64().ToString("N0", CultureInfo.InvariantCulture);
}
