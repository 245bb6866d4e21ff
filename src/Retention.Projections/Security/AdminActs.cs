using System.Text;
using System.Text.Json;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Security;

/// <summary>An act as the log holds it.</summary>
public sealed record RecordedAct(AdminAct Act, long Position, DateTimeOffset RecordedAt);

/// <summary>Who administered what, each an event in the tenant's stream <c>audit</c>.</summary>
public sealed class AdminActs(EventLog.EventLog log, TimeProvider time)
{
    private const string Source = "retention";

    // No client can send an empty source, so none can take the id of an act.
    private const string NoSource = "";

    /// <returns>The position of the record.</returns>
    public async Task<long> RecordAsync(string tenant, AdminAct act, CancellationToken ct)
    {
        var id = $"act-{Guid.CreateVersion7(time.GetUtcNow()):n}";
        var (data, at) = (act.ToData(), time.GetUtcNow());
        var hash = ContentHash.Of(AdminAct.Name, CustomerStream.Audit, at, JsonSerializer.Deserialize<JsonElement>(data));
        var headers = new EventHeaders(Source, id, Timestamp.Format(at), hash, AdminAct.SchemaVersion);
        var happened = new NewEvent(
            CustomerStream.Audit, AdminAct.Name, $"{typeof(AdminAct).FullName}, {typeof(AdminAct).Assembly.GetName().Name}",
            EventId.Of(tenant, NoSource, id), Encoding.UTF8.GetBytes(data), headers);
        var appended = await log.AppendAsync(tenant, [happened], AppendMode.AllOrNone, ct);
        return ((Appended.Stored)appended[0]).Position;
    }

    /// <summary>Every act of a tenant, in order.</summary>
    public async Task<IReadOnlyList<RecordedAct>> AllAsync(string tenant, CancellationToken ct) =>
        [.. (await log.ReadStreamAsync(tenant, CustomerStream.Audit, ct: ct)).Where(stored => stored is { Type: AdminAct.Name, Fault: null })
            .Select(stored => new RecordedAct(AdminAct.Read(stored.Data), stored.Position, stored.RecordedAt))];
}
