using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.Security;

namespace Retention.Api.Metrics;

/// <param name="Customers">With a valid order.</param>
/// <param name="Everybody">Those included who have not bought.</param>
public sealed record DimensionValue(string Value, long Customers, long Everybody);

/// <param name="Parameters">The question with all defaults.</param>
/// <param name="Values">How many different values there are.</param>
public sealed record DimensionAnswer(
    string Dimension, Dictionary<string, object?> Parameters, DateTimeOffset AsOf, long Position, int Values, IReadOnlyList<DimensionValue> Rows);

/// <summary><c>GET /v1/dimensions/{name}/values</c>: what can be filtered by, the most frequent first.</summary>
public static class DimensionEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string name)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new("limit") { Periods = false, Groups = false, Receipts = false });
        var limit = request.Query.Limit();
        if (name == "spend") request.Query.Fault("name", "not_allowed", "spend is compared, as in spend:>=100, and has no values");
        request.Query.Done();
        // Values of an attribute of the tenant's own, an e-mail address say, may name people.
        if (Impersonal.IsPersonal(name) && !Caller.Of(http).ReadsPersonal) throw Gate.MissingScope(Scopes.ReadPersonal);
        var question = request.Question with { Details = DimensionValues.IsOfDetails(name), Personal = Impersonal.IsPersonal(name) };
        var folded = await request.Snapshot.FoldAsync(
            question, () => new Cells<string, ValueCounts>(), (customer, cells) => DimensionValues.Contribute(customer, name, cells), http.RequestAborted);
        var values = folded.Single().Cells;
        var rows = values.OrderByDescending(value => value.Value.Customers).ThenByDescending(value => value.Value.Everybody).ThenBy(value => value.Key, StringComparer.Ordinal)
            .Take(limit).Select(value => new DimensionValue(value.Key, value.Value.Customers, value.Value.Everybody)).ToList();
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, rows);
        var parameters = request.Parameters();
        parameters["limit"] = limit;
        return Results.Json(
            new DimensionAnswer(name, parameters, question.AsOf.Moment, request.Snapshot.Reflection.Position, values.Count, rows), MetricAnswer.Json);
    }
}
