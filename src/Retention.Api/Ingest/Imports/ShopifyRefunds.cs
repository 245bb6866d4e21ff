using NpgsqlTypes;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Keeps refunds of Shopify from counting twice. The export tells of one undated refund for each order, a sum; webhooks tell of each refund
/// by itself. The sum is left out where the log has any refund of the order that a webhook told of; a refund of a webhook is left out where
/// the log has the sum already and the refund was made before the sum was recorded, since the sum holds it then. What is left out counts as
/// a duplicate. Both ids stay what they are, so that a repetition stays one.
/// </summary>
public sealed class ShopifyRefunds(Place place, Ingestion ingestion)
{
    private const string Type = "purchase_refunded";

    /// <summary>The id of the sum that the export tells of.</summary>
    public static string UndatedId(string order) => $"{order}/refunded";

    /// <summary>The id of a refund that a webhook tells of.</summary>
    public static string DatedId(string order, string refund) => $"{order}/refund-{refund}";

    /// <summary>Stores a batch, as <see cref="Ingestion.StoreAsync(string, IReadOnlyList{Envelope}, CancellationToken)"/> does, without the refunds that are told already.</summary>
    public async Task<IngestOutcome> StoreAsync(string tenant, IReadOnlyList<Envelope> events, CancellationToken ct)
    {
        var refunds = events.Where(IsRefund).ToList();
        var told = refunds.Count == 0 ? [] : await ToldAsync(tenant, refunds, ct);
        if (told.Count == 0) return await ingestion.StoreAsync(tenant, events, ct);
        var kept = Enumerable.Range(0, events.Count).Where(index => !IsRefund(events[index]) || !IsTold(events[index], told)).ToList();
        var outcome = await ingestion.StoreAsync(tenant, kept.ConvertAll(index => events[index]), ct);
        return outcome with
        {
            Duplicates = outcome.Duplicates + events.Count - kept.Count,
            Rejected = [.. outcome.Rejected.Select(refused => refused with { Index = kept[refused.Index] })],
        };
    }

    /// <summary>The customer of an order that the log has; null for one that it has not.</summary>
    public async Task<string?> CustomerOfAsync(string tenant, string order, CancellationToken ct)
    {
        // After retractions an event stands under another id than its first.
        const int mostRetractions = 8;
        await using var command = place.Command("select stream_id from {schema}.mt_events where tenant_id = $1 and id = any($2) order by seq_id desc limit 1");
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(Enumerable.Range(0, mostRetractions).Select(retractions => new SentId(ShopifyOrder.Source, order).ToEventId(tenant, retractions)).ToArray());
        return await command.ExecuteScalarAsync(ct) is string stream && CustomerStream.TryCustomer(stream, out var customer) ? customer : null;
    }

    private static bool IsRefund(Envelope made) => made is { Source: ShopifyOrder.Source, Type: Type };

    private static bool IsTold(Envelope refund, List<Told> told)
    {
        var order = refund.Data.GetProperty("orderId").GetString()!;
        return refund.Id == UndatedId(order)
            ? told.Exists(other => other.Id.StartsWith(DatedId(order, ""), StringComparison.Ordinal))
            : told.Exists(other => other.Id == UndatedId(order) && refund.OccurredAt <= other.RecordedAt);
    }

    private async Task<List<Told>> ToldAsync(string tenant, IEnumerable<Envelope> refunds, CancellationToken ct)
    {
        await using var command = place.Command("""
            select headers ->> 'id', timestamp from {schema}.mt_events
            where tenant_id = $1 and stream_id = any($2) and type = $3 and headers ->> 'source' = $4
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Varchar, refunds.Select(refund => CustomerStream.Of(refund.Customer)).Distinct().ToArray());
        command.Parameters.AddWithValue(Type);
        command.Parameters.AddWithValue(ShopifyOrder.Source);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var told = new List<Told>();
        while (await reader.ReadAsync(ct)) told.Add(new Told(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1)));
        return told;
    }

    /// <summary>A refund in the log.</summary>
    private sealed record Told(string Id, DateTimeOffset RecordedAt);
}
