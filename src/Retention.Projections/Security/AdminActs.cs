using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Security;

/// <summary>An act as the log holds it.</summary>
public sealed record RecordedAct(AdminAct Act, long Position, DateTimeOffset RecordedAt);

/// <summary>Who administered what, each an event in the tenant's stream <c>audit</c>.</summary>
public sealed class AdminActs(EventLog.EventLog log, TimeProvider time)
{
    private static readonly OwnEvents Acts = new(CustomerStream.Audit, AdminAct.Name, typeof(AdminAct), AdminAct.SchemaVersion);

    /// <returns>The position of the record.</returns>
    public async Task<long> RecordAsync(string tenant, AdminAct act, CancellationToken ct)
    {
        var at = time.GetUtcNow();
        var happened = Acts.Happened((tenant, $"act-{Guid.CreateVersion7(at):n}"), act.ToData(), at);
        var appended = await log.AppendAsync(tenant, [happened], AppendMode.AllOrNone, ct);
        return ((Appended.Stored)appended[0]).Position;
    }

    /// <summary>Every act of a tenant, in order.</summary>
    public async Task<IReadOnlyList<RecordedAct>> AllAsync(string tenant, CancellationToken ct) =>
        [.. (await log.ReadStreamAsync(tenant, CustomerStream.Audit, ct: ct)).Where(stored => stored is { Type: AdminAct.Name, Fault: null })
            .Select(stored => new RecordedAct(AdminAct.Read(stored.Data), stored.Position, stored.RecordedAt))];
}
