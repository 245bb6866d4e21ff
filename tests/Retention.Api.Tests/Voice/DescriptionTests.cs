using System.Text.Json;

namespace Retention.Api.Tests.Voice;

public sealed class DescriptionTests(ServiceFixture service)
{
    [Theory]
    [InlineData("nps")]
    [InlineData("csat")]
    [InlineData("ces")]
    [InlineData("complaints")]
    [InlineData("service-recovery")]
    [InlineData("lapse-reasons")]
    [InlineData("win-back")]
    [InlineData("breaches")]
    [InlineData("open-complaints")]
    [InlineData("detractors")]
    public async Task Every_figure_of_the_catalogue_is_described_and_every_row_has_it(string metric)
    {
        var shop = service.NewTenant();
        var entry = (await shop.GetAsync("/v1/metrics")).Root.GetProperty("metrics").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == metric);
        var description = (await shop.GetAsync("/openapi/v1.json")).Root;
        var answer = Resolve(description, description.GetProperty("paths").GetProperty(entry.GetProperty("path").GetString()!).GetProperty("get")
            .GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema"));
        var row = Resolve(description, answer.GetProperty("properties").GetProperty("rows").GetProperty("items")).GetProperty("properties");

        foreach (var figure in entry.GetProperty("figures").EnumerateArray())
            row.TryGetProperty(figure.GetProperty("name").GetString()!, out _).ShouldBeTrue($"{figure} in {row}");
    }

    private static JsonElement Resolve(JsonElement description, JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? description.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
        : schema;
}
