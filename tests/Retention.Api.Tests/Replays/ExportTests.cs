using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Replays;

/// <summary>What is exported is the log, whole, pinned and fit to be sent again; the stream gives each event once, and goes on after any.</summary>
public sealed class ExportTests(ServiceFixture service)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_export_pinned_to_a_position_stays_the_same_and_can_be_sent_again()
    {
        var tenant = service.NewTenant("exported");
        await tenant.AcceptAsync([.. Enumerable.Range(0, 120).Select(number => Order($"c{number % 7}", $"2025-01-{1 + (number % 28):d2}T{number % 24:d2}:00:00Z", number))]);
        await tenant.AskAsync("/v1/metrics/revenue");
        var until = tenant.Position;
        var first = await tenant.GetAsync($"/v1/events?until={until}");
        await tenant.AcceptAsync(Order("late", "2025-02-01"));
        await tenant.AskAsync("/v1/metrics/revenue");

        (await tenant.GetAsync($"/v1/events?until={until}")).Text.ShouldBe(first.Text);
        var lines = first.Text.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(121);
        JsonNode.Parse(lines[^1])!.ToJsonString().ShouldBe($$"""{"end":true,"position":{{until}}}""");
        var again = await tenant.PostAsync("/v1/events", string.Join('\n', lines[..^1]), "application/x-ndjson");
        (again.Status, again.Number("duplicates"), again.Number("accepted")).ShouldBe((200, 120, 0), again.Text);
        var csv = await tenant.GetAsync($"/v1/events?until={until}&format=csv");
        csv.Text.TrimEnd('\n').Split('\n').Length.ShouldBe(121);
        csv.Text.ShouldStartWith("position,recordedAt,eventId,source,id,type,customer,occurredAt,data\n");
        (await tenant.GetAsync("/v1/events?until=999999999999")).ShouldBeProblem(400, "unknown_position", "until");
    }

    [Fact]
    public async Task Read_models_are_exported_whole_and_of_one_position()
    {
        var tenant = service.NewTenant("models");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 20), Order("ann", "2025-03-01", 30.5m), Order("bob", "2025-01-06", 5));
        await tenant.AskAsync("/v1/metrics/revenue");

        foreach (var model in (await tenant.GetAsync("/v1/exports")).List("models").Select(model => model.GetProperty("href").GetString()!))
        {
            var lines = (await tenant.GetAsync(model)).Text.TrimEnd('\n').Split('\n');
            JsonDocument.Parse(lines[^1]).RootElement.GetProperty("position").GetInt64().ShouldBe(tenant.Position, model);
            if (lines.Length > 1) (await tenant.GetAsync($"{model}?format=csv")).Text.TrimEnd('\n').Split('\n').Length.ShouldBe(lines.Length, model);
        }
        var years = (await tenant.GetAsync("/v1/exports/revenue_by_period")).Text.Split('\n').Where(line => line.Contains("\"year\"") && line.Contains("\"dimension\":null"));
        years.ShouldHaveSingleItem().ShouldContain("\"revenue\":55.5");
        (await tenant.GetAsync("/v1/exports/secrets")).ShouldBeProblem(404, "unknown_model");
    }

    [Fact]
    public async Task The_stream_gives_every_event_once_and_goes_on_after_the_last_one_seen()
    {
        var tenant = service.NewTenant("streamed");
        await tenant.AcceptAsync(Order("c0", "2025-01-01"));
        var sent = Task.Run(async () =>
        {
            for (var number = 1; number < 150; number += 3)
                await tenant.AcceptAsync([.. Enumerable.Range(number, 3).Select(next => Order($"c{next}", "2025-01-02"))]);
        }, Ct);

        var (seen, last) = (new List<string>(), "");
        while (seen.Count < 151)
        {
            // Clients that are cut off come back with the last id that they have seen.
            foreach (var (id, customer) in await ReadAsync(tenant.Name, last, Math.Min(40, 151 - seen.Count)))
            {
                PositionIn(id).ShouldBeGreaterThan(PositionIn(last));
                last = id;
                seen.Add(customer);
            }
        }
        await sent;

        seen.ShouldBe(Enumerable.Range(0, 151).Select(number => $"c{number}"));
        (await tenant.GetAsync("/v1/events/stream?after=99999999999")).ShouldBeProblem(400, "unknown_position", "after");
    }

    /// <summary>An id is the store's epoch and the position.</summary>
    private static long PositionIn(string id) => id == "" ? 0 : long.Parse(id.Split('~')[1], CultureInfo.InvariantCulture);

    private async Task<List<(string Id, string Customer)>> ReadAsync(string tenant, string last, int atMost)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events/stream?after=0") { Headers = { { "Retention-Tenant", tenant } } };
        if (last != "") request.Headers.Add("Last-Event-ID", last);
        using var response = await service.Api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Ct));
        var (events, id) = (new List<(string, string)>(), "");
        while (events.Count < atMost && await reader.ReadLineAsync(Ct) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) events.Add((id, JsonDocument.Parse(line[6..]).RootElement.GetProperty("customer").GetString()!));
        }
        return events;
    }
}
