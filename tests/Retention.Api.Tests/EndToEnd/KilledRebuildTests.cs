using System.Text.Json;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>A rebuild whose service is killed at random moments: the live figures stay, and the next service finishes it.</summary>
public sealed class KilledRebuildTests : IDisposable
{
    private readonly TrialFolder folder = new();
    private readonly Random random = new(11);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_rebuild_survives_its_service()
    {
        var service = folder.Up();
        try
        {
            await service.UntilAsync("Retention is ready at", Ct);
            using var http = RunningInstance.OpenHttp();
            http.BaseAddress = new Uri(folder.Url);
            var tenant = new TestTenant(http, "default");
            for (var part = 0; part < 10; part++)
            {
                var day = 1 + part;
                await tenant.AcceptAsync([.. Enumerable.Range(0, 2_000).Select(number => Order($"c{number}", $"2025-{1 + (part % 3):d2}-{day + (number % 15):d2}T{number % 24:d2}:00:00Z", number))]);
            }
            var expected = await FiguresAsync(tenant);

            for (var round = 0; round < 5; round++)
            {
                await http.PostAsync("/v1/rebuild/revert", null, Ct);
                (await tenant.PostAsync("/v1/rebuild", "")).Status.ShouldBe(202);
                await Task.Delay(random.Next(1_500), Ct);
                await service.SignalAsync("KILL", Ct);
                await service.EndAsync(Ct);
                service.Dispose();
                service = folder.Up();
                await service.UntilAsync("Retention is ready at", Ct);

                (await FiguresAsync(tenant)).ShouldBe(expected, $"round {round}");
                (await EndedAsync(tenant)).ShouldBe("switched");
                (await FiguresAsync(tenant)).ShouldBe(expected, $"after round {round}");
            }
            (await tenant.PostAsync("/v1/rebuild/confirm", "")).Status.ShouldBe(200);
            (await FiguresAsync(tenant)).ShouldBe(expected);
        }
        finally
        {
            service.Dispose();
        }
    }

    private static async Task<string?> EndedAsync(TestTenant tenant)
    {
        while (true)
        {
            var rebuild = (await tenant.GetAsync("/v1/rebuild")).Root;
            if (rebuild.GetProperty("status").GetString() is not "building") return rebuild.GetProperty("status").GetString();
            await Task.Delay(50, Ct);
        }
    }

    private static async Task<string> FiguresAsync(TestTenant tenant)
    {
        var answers = new List<string>();
        foreach (var question in (string[])["/v1/metrics/retention?grain=month", "/v1/metrics/revenue?grain=week", "/v1/cohorts?grain=month"])
            answers.Add(JsonSerializer.Serialize((await tenant.AskAsync($"{question}&asOf=2025-06-01")).Root));
        return string.Join('\n', answers);
    }
}
