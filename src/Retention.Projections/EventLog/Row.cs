using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Events;

namespace Retention.Projections.EventLog;

/// <summary>A row of <c>mt_events</c>, before anything of it is understood.</summary>
internal sealed record Row(
    long Position, Guid EventId, string Tenant, string Stream, long Version, string Type, byte[] Data, byte[]? Headers,
    DateTimeOffset RecordedAt)
{
    public const string Columns = "seq_id, id, coalesce(tenant_id, '*DEFAULT*'), stream_id, version, type, data, headers, timestamp";

    public static Row From(NpgsqlDataReader reader) => new(
        Position: reader.GetInt64(0),
        EventId: reader.GetGuid(1),
        Tenant: reader.GetString(2),
        Stream: reader.GetString(3),
        Version: reader.GetInt64(4),
        Type: reader.GetString(5),
        Data: reader.GetFieldValue<byte[]>(6),
        Headers: reader.IsDBNull(7) ? null : reader.GetFieldValue<byte[]>(7),
        RecordedAt: reader.GetFieldValue<DateTimeOffset>(8));

    public static async Task<Row> FromAsync(NpgsqlBinaryExporter copy, CancellationToken ct) => new(
        Position: await copy.ReadAsync<long>(NpgsqlDbType.Bigint, ct),
        EventId: await copy.ReadAsync<Guid>(NpgsqlDbType.Uuid, ct),
        Tenant: await copy.ReadAsync<string>(NpgsqlDbType.Varchar, ct),
        Stream: await copy.ReadAsync<string>(NpgsqlDbType.Varchar, ct),
        Version: await copy.ReadAsync<long>(NpgsqlDbType.Bigint, ct),
        Type: await copy.ReadAsync<string>(NpgsqlDbType.Varchar, ct),
        Data: await copy.ReadAsync<byte[]>(NpgsqlDbType.Jsonb, ct),
        Headers: await HeadersAsync(copy, ct),
        RecordedAt: await copy.ReadAsync<DateTimeOffset>(NpgsqlDbType.TimestampTz, ct));

    /// <summary>The event, its data upcast: what was written in an old shape is seen by nobody else.</summary>
    public StoredEvent ToEvent()
    {
        string? fault = null;
        var data = Parse(Data, ref fault);
        var headers = EventHeaders.From(this, Headers is null ? default : Parse(Headers, ref fault), ref fault);
        try
        {
            if (fault is null) data = Upcasts.OfVocabulary.Apply(Type, headers.Schema, data);
        }
        catch (Exception e) when (e is NewerShapeException or InvalidOperationException or FormatException or ArgumentException)
        {
            fault = e.Message;
        }
        return new StoredEvent(Position, EventId, Tenant, Stream, Version, Type, data, headers, RecordedAt, fault);
    }

    /// <summary>PostgreSQL holds deeper nesting than is read here: one such row of another client must not stop all readers.</summary>
    private static JsonElement Parse(byte[] json, ref string? fault)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException e)
        {
            fault = e.Message;
            return default;
        }
    }

    private static async Task<byte[]?> HeadersAsync(NpgsqlBinaryExporter copy, CancellationToken ct)
    {
        if (!copy.IsNull) return await copy.ReadAsync<byte[]>(NpgsqlDbType.Jsonb, ct);
        await copy.SkipAsync(ct);
        return null;
    }
}
