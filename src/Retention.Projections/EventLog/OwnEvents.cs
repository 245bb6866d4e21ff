using System.Text;
using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Projections.EventLog;

/// <summary>Events that the service itself writes, of one type, into a stream that each tenant has for them.</summary>
internal sealed record OwnEvents(string Stream, string Type, Type DotNetType, int SchemaVersion)
{
    private const string Source = "retention";

    // No client can send an empty source, so none can take the id of such an event.
    private const string NoSource = "";

    /// <param name="data">JSON.</param>
    /// <param name="version">That the stream must have before; null: any.</param>
    public NewEvent Happened((string Tenant, string Id) sent, string data, DateTimeOffset at, long? version = null)
    {
        var hash = ContentHash.Of(Type, Stream, at, JsonSerializer.Deserialize<JsonElement>(data));
        var headers = new EventHeaders(Source, sent.Id, Timestamp.Format(at), hash, SchemaVersion);
        return new NewEvent(
            Stream, Type, $"{DotNetType.FullName}, {DotNetType.Assembly.GetName().Name}", EventId.Of(sent.Tenant, NoSource, sent.Id),
            Encoding.UTF8.GetBytes(data), headers, version);
    }
}
