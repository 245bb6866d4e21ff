using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Metrics;

namespace Retention.Api.Tests.Metrics;

/// <summary>The same rows as JSON, CSV and NDJSON.</summary>
public sealed class FormatTests(ServiceFixture service)
{
    [Theory]
    [InlineData(null, "json")]
    [InlineData("*/*", "json")]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", "json")]
    [InlineData("text/csv", "csv")]
    [InlineData("text/csv, */*", "csv")]
    [InlineData("text/*", "csv")]
    [InlineData("application/json;q=0.5, text/csv;q=0.9", "csv")]
    [InlineData("text/csv;q=0.1, application/json", "json")]
    [InlineData("application/json;q=0, */*;q=0.1", "csv")]
    [InlineData("application/x-ndjson", "ndjson")]
    [InlineData("application/jsonl, application/json;q=0.9", "ndjson")]
    [InlineData("application/xml", "json")]
    [InlineData("not a type", "json")]
    public void The_format_of_the_highest_quality_is_answered(string? accept, string format) => AnswerFormat.Accepted(accept).ShouldBe(format);

    [Fact]
    public async Task Ndjson_has_a_line_for_each_row()
    {
        var tenant = service.NewTenant("format");
        await tenant.AcceptAsync(Given.Order("c-1", "2026-01-03T10:00:00Z"), Given.Order("c-1", "2026-02-03T10:00:00Z"));
        var rows = (await tenant.AskAsync("/v1/metrics/revenue?from=2026-01-01&to=2026-04-01&grain=month")).Rows;
        var lines = await tenant.AskAsync("/v1/metrics/revenue?from=2026-01-01&to=2026-04-01&grain=month&format=ndjson");
        lines.MediaType.ShouldBe("application/x-ndjson");
        lines.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(rows.Select(row => row.GetRawText()));
        var cells = await tenant.AskAsync("/v1/cohorts?from=2026-01-01&to=2026-02-01&grain=month&periods=1&format=ndjson");
        cells.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("k").GetInt32()).ShouldBe([0, 1]);
    }

    [Theory]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")")]
    [InlineData("+1+1")]
    [InlineData("-1+1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    public async Task No_text_in_a_csv_is_a_formula(string channel)
    {
        var tenant = service.NewTenant("format");
        await tenant.AcceptAsync(Given.Order("=c-1", "2026-01-03T10:00:00Z", 10m, new JsonObject { ["channel"] = channel }));
        var csv = await tenant.AskAsync("/v1/metrics/retention?from=2026-01-01&to=2026-02-01&grain=month&groupBy=channel&format=csv");
        csv.Text.Split('\n').Skip(1).SelectMany(line => line.Split(',')).Select(field => field.Trim('"')).Where(field => field.Length > 0)
            .Where(field => "=+@\t".Contains(field[0]) || (field[0] == '-' && !double.TryParse(field, out _))).ShouldBeEmpty();
        (await tenant.AskAsync("/v1/customers?format=csv")).Text.Split('\n')[1].ShouldStartWith("\"'=c-1\",");
    }
}
