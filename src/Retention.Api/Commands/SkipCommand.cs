using System.CommandLine;
using System.Text.Json;
using Retention.Api.Tenancy;

namespace Retention.Api.Commands;

/// <summary><c>retention skip EVENT --tenant T --reason R</c>: lets a paused tenant pass over the event that stops it, on record.</summary>
internal static class SkipCommand
{
    public static Command Create()
    {
        var eventId = new Argument<Guid>("EVENT") { Description = "The event at which the tenant is paused, as retention status names it." };
        var tenant = new Option<string>("--tenant") { Description = "The paused tenant.", Required = true, HelpName = "T" };
        var reason = new Option<string>("--reason") { Description = "Why it may be passed over; kept on record.", Required = true, HelpName = "R" };
        var url = new Option<string?>("--url") { Description = "The service; by default the running one of the data folder.", HelpName = "URL" };
        var key = new Option<string?>("--key") { Description = "An API key with the scope admin.", HelpName = "KEY" };
        var data = DataOption.Create();
        var command = new Command("skip", "Pass over the event at which a tenant is paused. Exit codes: 0 passed over, 1 not.") { eventId, tenant, reason, url, data, key };
        command.SetAction(async (asked, ct) =>
        {
            var address = asked.GetValue(url) ?? RunningInstance.Find(Path.GetFullPath(asked.GetRequiredValue(data)))?.Url;
            if (address is null) return Screen.Fail($"No service is running on {Path.GetFullPath(asked.GetRequiredValue(data))}. Start one with: retention up");
            using var http = RunningInstance.OpenHttp();
            http.DefaultRequestHeaders.Add(Tenant.Header, asked.GetRequiredValue(tenant));
            if (asked.GetValue(key) is { } secret) http.DefaultRequestHeaders.Authorization = new("Bearer", secret);
            using var response = await http.PostAsJsonAsync(
                new Uri($"{address}/v1/skips"), new { eventId = asked.GetValue(eventId), reason = asked.GetRequiredValue(reason) }, ct);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
            if (!response.IsSuccessStatusCode) return Screen.Fail(answer.GetProperty("detail").GetString() ?? "The service refused.");
            Screen.Say($"Event {asked.GetValue(eventId)} at position {answer.GetProperty("position").GetInt64()} is passed over.");
            return 0;
        });
        return command;
    }
}
