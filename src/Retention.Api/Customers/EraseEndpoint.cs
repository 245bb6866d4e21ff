using System.Globalization;
using Retention.Api.Polling;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Projections.PersonalData;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Api.Customers;

/// <summary>What a customer's erasure is proved by.</summary>
/// <param name="Receipt">Names it in the audit.</param>
/// <param name="Ids">How many ids the customer was known under, all of them erased.</param>
/// <param name="Events">How many events were removed; 0 where it was erased before.</param>
/// <param name="Replays">Named replays that were removed, since the customer was in them.</param>
/// <param name="Position">What asks with this minPosition sees nothing of the customer.</param>
public sealed record ErasureReceipt(string Receipt, string Customer, int Ids, long Events, DateTimeOffset ErasedAt, IReadOnlyList<string> Replays, long Position);

/// <summary><c>DELETE /v1/customers/{id}</c>: erases a customer, under all of its ids.</summary>
internal static class EraseEndpoint
{
    public static async Task<IResult> DeleteAsync(HttpContext http, Tenant tenant, string id)
    {
        QueryReader.Of(http).Only().Done();
        var (services, ct) = (http.RequestServices, http.RequestAborted);
        var erased = await EraseAsync(services.GetRequiredService<Erasure>(), tenant.Name, id, ct)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}.");
        services.GetRequiredService<AnswerMemory>().Forget();
        // Should this be cut off, the same request removes them again.
        var replays = services.GetRequiredService<Projections.Replays.Replays>();
        var removed = await replays.AllAsync(tenant.Name, ct);
        foreach (var replay in removed) await replays.DeleteAsync(replay, ct);
        var receipt = string.Create(CultureInfo.InvariantCulture, $"erasure-{Guid.CreateVersion7():n}");
        var position = await services.GetRequiredService<AdminActs>().RecordAsync(tenant.Name, new AdminAct("customer erased", Caller.Of(http).By ?? "this machine", receipt), ct);
        services.GetRequiredService<Progress>().Nudge();
        return Results.Json(new ErasureReceipt(receipt, id, erased.Ids, erased.Events, erased.ErasedAt, [.. removed.Select(replay => replay.Name)], position));
    }

    private static async Task<ErasedCustomer?> EraseAsync(Erasure erasure, string tenant, string id, CancellationToken ct)
    {
        try
        {
            return await erasure.EraseAsync(tenant, id, ct);
        }
        catch (RebuildInTheWayException waiting)
        {
            throw new ProblemException(409, "rebuild_in_the_way", $"{waiting.Message} The customer would stay in what it holds.") { Location = "/v1/rebuild" };
        }
    }
}
