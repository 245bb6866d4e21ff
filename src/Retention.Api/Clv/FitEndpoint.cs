using System.Text.Json;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Events;

namespace Retention.Api.Clv;

/// <summary>
/// <c>POST /v1/models/clv/fit</c>: fits to everything that the tenant has sent before, and makes the fit an event. The answer comes once
/// the fit is reflected, so that whoever asks next is answered by it.
/// </summary>
public static class FitEndpoint
{
    public static async Task<IResult> PostAsync(HttpContext http, Tenant tenant, ClvFitting fitting)
    {
        QueryReader.Of(http).Only();
        using var body = await JsonBody.ReadAsync(http.Request, http.RequestAborted);
        FitBody.RefuseFaults(body.RootElement);
        var stored = await fitting.FitAsync(tenant.Name, lastWhole => FitBody.Read(body.RootElement, lastWhole), http.RequestAborted);
        return Results.Json(FitFigures.Of(stored), MetricAnswer.Json);
    }
}

/// <summary>What a fit is asked for, in the body of the request; absent members have defaults.</summary>
internal static class FitBody
{
    private static readonly string[] Members = ["model", "observationEnd", "timeUnit"];

    /// <exception cref="ProblemException">422 for what is wrong whenever it is asked.</exception>
    public static void RefuseFaults(JsonElement body) => Read(body, DateOnly.MaxValue);

    /// <param name="lastWhole">The tenant's last day that is over, and the default of observationEnd.</param>
    /// <exception cref="ProblemException">422, with everything that is wrong.</exception>
    public static ClvFitRequest Read(JsonElement body, DateOnly lastWhole)
    {
        var faults = new List<Fault>();
        if (body.ValueKind != JsonValueKind.Object) faults.Add(new Fault("", "wrong_type", $"must be an object with {string.Join(", ", Members)}"));
        else
            faults.AddRange(body.EnumerateObject().Where(member => !Members.Contains(member.Name))
                .Select(member => new Fault(member.Name, "unknown_member", $"is not known here; allowed are {string.Join(", ", Members)}")));
        var asked = new ClvFitRequest(
            Choice(body, "model", PurchaseModels.Names, faults) ?? PurchaseModels.Default,
            Choice(body, "timeUnit", ClvModelFitted.TimeUnits, faults) ?? "day",
            Day(body, lastWhole, faults) ?? lastWhole);
        if (faults.Count > 0) throw new ProblemException(422, faults[0].Code, $"{faults[0].Path}: {faults[0].Message}", faults);
        return asked;
    }

    private static string? Choice(JsonElement body, string name, IReadOnlyList<string> allowed, List<Fault> faults)
    {
        if (Member(body, name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString()!)) return value.GetString();
        faults.Add(new Fault(name, "not_allowed", $"must be one of {string.Join(", ", allowed)}"));
        return null;
    }

    private static DateOnly? Day(JsonElement body, DateOnly lastWhole, List<Fault> faults)
    {
        const string Name = "observationEnd";
        if (Member(body, Name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String || QueryReader.TryDate(value.GetString()!) is not { } day)
            faults.Add(new Fault(Name, "not_a_date", "must be an ISO date such as 2026-01-31, from 1900 to 2200: the last day observed"));
        else if (day > lastWhole)
            faults.Add(new Fault(Name, "in_future", $"must be a day that is over in the tenant's zone, {lastWhole:yyyy-MM-dd} at the latest"));
        else return day;
        return null;
    }

    private static JsonElement? Member(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
