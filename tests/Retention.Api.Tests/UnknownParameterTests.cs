using System.Text;
using Retention.Chaos.Fuzzing;

namespace Retention.Api.Tests;

/// <summary>A parameter that nobody reads is a question that was not understood.</summary>
public sealed class UnknownParameterTests(ServiceFixture service)
{
    private static readonly Dictionary<string, string> Words = new() { ["metric"] = "retention", ["period"] = "2025-01", ["type"] = "purchase_made", ["sender"] = "shopify", ["model"] = "customers" };

    /// <summary>What some operations do not do without.</summary>
    private static readonly Dictionary<string, string> Needed = new()
    {
        ["/v1/metrics/{metric}/bridge"] = "fromPosition=0&period=2025-01&",
        ["/v1/metrics/{metric}/lineage"] = "period=2025-01&",
        ["/v1/replays/{name}/diff"] = "metric=retention&",
    };

    [Fact]
    public async Task Every_operation_refuses_a_parameter_that_it_does_not_know()
    {
        var shop = service.NewTenant("asked");
        await shop.AcceptAsync(Given.Order("c-1", "2025-01-01"));
        await shop.PostAsync("/v1/periods/2025-01/close", "");
        await shop.PostAsync("/v1/replays", """{"name":"c-1"}""");
        while ((await shop.GetAsync("/v1/replays/c-1")).Root.GetProperty("status").GetString() != "ready") await Task.Delay(20, TestContext.Current.CancellationToken);
        foreach (var operation in await Operation.AllAsync(service.Api.Client, TestContext.Current.CancellationToken))
        {
            foreach (var query in (string[])["colour=red", "%00=%FF"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Parse(operation.Method), $"{operation.At(Words)}?{Needed.GetValueOrDefault(operation.Path)}{query}") { Headers = { { "Retention-Tenant", shop.Name } } };
                if (operation.BodyType is { } type) request.Content = new StringContent("{}", Encoding.UTF8, type);

                using var response = await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);

                var answer = new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                (answer.Status, answer.Member("code")?.GetString()).ShouldBe((400, "unknown_parameter"), $"{operation}: {answer.Text}");
                answer.List("errors")[0].GetProperty("message").GetString()!.ShouldContain("allowed", customMessage: $"{operation}");
            }
        }
    }
}
