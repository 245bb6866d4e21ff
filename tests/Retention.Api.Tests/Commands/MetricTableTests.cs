using System.Text.Json;
using Retention.Api.Commands;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Retention.Api.Tests.Commands;

public sealed class MetricTableTests
{
    [Theory]
    [InlineData(new[] { 0d, 7 }, "▁█")]
    [InlineData(new[] { 1d, 2, 3, 4, 5, 6, 7, 8 }, "▁▂▃▄▅▆▇█")]
    [InlineData(new[] { 5d, 5, 5 }, "▄▄▄")]
    public void A_sparkline_goes_from_the_least_to_the_most(double[] values, string line) =>
        MetricTable.Sparkline(values.Select(value => (double?)value)).ShouldBe(line);

    [Fact]
    public void What_is_unknown_leaves_a_gap() => MetricTable.Sparkline([1, null, 2]).ShouldBe("▁ █");

    [Fact]
    public void Shares_are_percentages_and_a_period_in_progress_is_marked()
    {
        var shown = Shown(MetricTable.Of(
            Parsed("""{ "figures": [{ "name": "orders", "unit": "count" }, { "name": "rate", "unit": "share" }] }"""),
            Parsed("""{ "rows": [{ "period": "2026-01-01", "status": "complete", "group": null, "orders": 1234, "rate": 0.5 }, { "period": "2026-02-01", "status": "in_progress", "group": null, "orders": 7, "rate": null }] }""")));
        shown.ShouldContain("2026-01-01 1,234 50.0 %");
        shown.ShouldContain("2026-02-01* 7 –");
        shown.ShouldContain("course █▁ ▄");
    }

    [Fact]
    public void Where_there_is_little_room_each_figure_is_a_row()
    {
        var shown = Shown(MetricTable.Of(
            Parsed("""{ "figures": [{ "name": "ordersThatCameIn", "unit": "count" }, { "name": "rateThatFollows", "unit": "share" }, { "name": "whatElseThereIs", "unit": "count" }] }"""),
            Parsed("""{ "rows": [{ "period": "2026-01-01", "status": "complete", "ordersThatCameIn": 3, "rateThatFollows": 0.5, "whatElseThereIs": 1 }, { "period": "2026-02-01", "status": "complete", "ordersThatCameIn": 7, "rateThatFollows": 0.4, "whatElseThereIs": 1 }] }"""), 66));
        shown.ShouldContain("period 2026-01-01 2026-02-01 course");
        shown.ShouldContain("rateThatFollows 50.0 % 40.0 % █▁");
    }

    private static JsonElement Parsed(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    private static string Shown(IRenderable table)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 1_000;
        console.Write(table);
        return string.Join('\n', text.ToString().Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }
}
