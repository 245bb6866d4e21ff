using Retention.Domain.Events;

namespace Retention.Projections.EventLog;

/// <summary>When complaints were received, as far as the log knows.</summary>
public sealed class ComplaintReceipts(Place place)
{
    /// <summary>
    /// The earliest receipt of each complaint of some customers. A receipt that was retracted is left out, and so is one that was sent again
    /// since under its id: whether it counts is not for the log to say.
    /// </summary>
    public async Task<IReadOnlyDictionary<(string Customer, string Complaint), DateTimeOffset>> EarliestAsync(
        string tenant, IReadOnlyCollection<string> customers, CancellationToken ct)
    {
        const string sql = """
            select receipt.stream_id, receipt.data->>'complaintId', receipt.headers->>'occurredAt' from {schema}.mt_events receipt
            where receipt.tenant_id = $1 and receipt.stream_id = any($2) and receipt.type = 'complaint_received' and not receipt.is_archived
              and receipt.data->>'complaintId' is not null and receipt.headers->>'occurredAt' is not null
              and not exists (
                  select from {schema}.mt_events retraction
                  where retraction.tenant_id = $1 and retraction.stream_id = receipt.stream_id and retraction.type = 'event_retracted'
                    and retraction.data->>'eventId' = receipt.headers->>'id'
                    and coalesce(retraction.data->>'source', retraction.headers->>'source') = receipt.headers->>'source')
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(customers.Select(CustomerStream.Of).ToArray());
        var earliest = new Dictionary<(string, string), DateTimeOffset>();
        var byStream = customers.ToDictionary(CustomerStream.Of, StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (Timestamp.TryParse(reader.GetString(2)) is not { } at) continue;
            var key = (byStream[reader.GetString(0)], reader.GetString(1));
            if (!earliest.TryGetValue(key, out var known) || at < known) earliest[key] = at;
        }
        return earliest;
    }

    /// <summary>Which events of a tenant are in the log.</summary>
    public async Task<IReadOnlySet<Guid>> StoredAsync(Guid[] events, CancellationToken ct)
    {
        await using var command = place.Command("select id from {schema}.mt_events where id = any($1)");
        command.Parameters.AddWithValue(events);
        var stored = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) stored.Add(reader.GetGuid(0));
        return stored;
    }
}
