using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Replay;

/// <summary>
/// A log in the order of time: three years in which customers, each taken at random, register and buy. Neighbours in the log are of
/// different customers, as they are in life. The same in every run.
/// </summary>
/// <param name="name">How figures call it.</param>
internal sealed class SampleLog(string name, Place place, int customers, int events)
{
    public const string Tenant = "shop";

    private static readonly DateTime Start = new(2023, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Span = TimeSpan.FromDays(3 * 365);
    private static readonly string[] Countries = ["FI", "SE", "NO", "DK", "EE"];
    private static readonly string[] Tiers = ["basic", "silver", "gold"];
    private static readonly string[] Channels = ["web", "app", "store"];

    public int Events => events;

    public string Name => name;

    public Place Place => place;

    /// <summary>Writes everything unless it is there already, and says that all of it is projected.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        if (await ScalarAsync<long>("select count(*) from {schema}.tenants", ct) > 0) return;
        var versions = new int[customers];
        await using (var connection = await place.DataSource.OpenConnectionAsync(ct))
        {
            await RunAsync("alter table {schema}.mt_events drop constraint if exists fkey_mt_events_stream_id_tenant_id", ct);
            await using var copy = await CopyAsync(connection, "mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)", ct);
            var random = new Random(1);
            for (var position = 1; position <= events; position++)
            {
                var customer = random.Next(customers);
                await EventAsync(copy, position, (customer, ++versions[customer]), random, ct);
            }
            await copy.CompleteAsync(ct);
        }
        await using (var connection = await place.DataSource.OpenConnectionAsync(ct))
        {
            await using var streams = await CopyAsync(connection, "mt_streams (tenant_id, id, version)", ct);
            for (var customer = 0; customer < customers; customer++)
                if (versions[customer] > 0) await streams.WriteRowAsync(ct, Tenant, StreamOf(customer), (long)versions[customer]);
            await streams.CompleteAsync(ct);
        }
        await RunAsync("alter table {schema}.mt_events add constraint fkey_mt_events_stream_id_tenant_id foreign key (tenant_id, stream_id) references {schema}.mt_streams (tenant_id, id)", ct);
        await RunAsync($"select setval('{{schema}}.mt_events_sequence', {events})", ct);
        await RunAsync($"insert into {{schema}}.tenants (tenant_id, created_at) values ('{Tenant}', clock_timestamp())", ct);
        await RunAsync($"update {{schema}}.projection_progress set position = {events}", ct);
        await RunAsync("vacuum analyze {schema}.mt_events", ct);
        await RunAsync("checkpoint", ct);
    }

    private static string StreamOf(int customer) => CustomerStream.Of(string.Create(CultureInfo.InvariantCulture, $"c{customer:d7}"));

    private async Task EventAsync(NpgsqlBinaryImporter copy, int position, (int Customer, int Version) of, Random random, CancellationToken ct)
    {
        var at = Start + (Span * ((double)position / events));
        var (id, registers) = (string.Create(CultureInfo.InvariantCulture, $"e{position:d8}"), of.Version == 1);
        var data = registers
            ? $$$"""{"channel":"{{{Channels[random.Next(3)]}}}","country":"{{{Countries[random.Next(5)]}}}","attributes":{"tier":"{{{Tiers[random.Next(3)]}}}"}}"""
            : string.Create(CultureInfo.InvariantCulture, $$"""{"orderId":"o{{position}}","currency":"EUR","total":{{random.Next(500, 20_000) / 100m}},"channel":"{{Channels[random.Next(3)]}}"}""");
        var type = registers ? "customer_registered" : "purchase_made";
        var clrName = registers ? "CustomerRegistered" : "PurchaseMade";
        await copy.StartRowAsync(ct);
        await copy.WriteAsync((long)position, NpgsqlDbType.Bigint, ct);
        await copy.WriteAsync(EventId.Of(Tenant, "sample", id), NpgsqlDbType.Uuid, ct);
        await copy.WriteAsync(StreamOf(of.Customer), NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync((long)of.Version, NpgsqlDbType.Bigint, ct);
        await copy.WriteAsync(Encoding.UTF8.GetBytes(data), NpgsqlDbType.Jsonb, ct);
        await copy.WriteAsync(type, NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync(at, NpgsqlDbType.TimestampTz, ct);
        await copy.WriteAsync(Tenant, NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync($"Retention.Domain.Events.CustomerEvent+{clrName}, Retention.Domain", NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync(Encoding.UTF8.GetBytes(
            $$"""{"source":"sample","id":"{{id}}","occurredAt":"{{at:yyyy-MM-dd'T'HH:mm:ss}}+00:00","hash":"0123456789abcdef0123456789abcdef0123456789a","schema":1}"""), NpgsqlDbType.Jsonb, ct);
        await copy.WriteAsync(false, NpgsqlDbType.Boolean, ct);
    }

    private async Task<NpgsqlBinaryImporter> CopyAsync(NpgsqlConnection connection, string into, CancellationToken ct)
    {
        var copy = await connection.BeginBinaryImportAsync(place.Qualify($"copy {{schema}}.{into} from stdin (format binary)"), ct);
        copy.Timeout = TimeSpan.FromHours(1);
        return copy;
    }

    private async Task RunAsync(string sql, CancellationToken ct)
    {
        await using var command = place.Command(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<T> ScalarAsync<T>(string sql, CancellationToken ct)
    {
        await using var command = place.Command(sql);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }
}
