using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Query;

/// <summary>
/// A tenant of many customers over three years, written directly into log and histories, and for comparison into a plain table of
/// purchases. Each customer registers with country, campaign and tier, and buys about as often as the others, the next time after
/// weeks or months; the same in every run.
/// </summary>
internal sealed class SampleShop(Place place, string tenant, int customers, int purchasesEach)
{
    private const string DotNetType = "Retention.Domain.Events.CustomerEvent+PurchaseMade, Retention.Domain";
    private const string RegisteredType = "Retention.Domain.Events.CustomerEvent+CustomerRegistered, Retention.Domain";
    private const int Writers = 2;

    public static readonly DateTime End = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly DateTime Start = End.AddYears(-3);
    private static readonly string[] Countries = ["FI", "SE", "NO", "DK", "EE"];
    private static readonly string[] Campaigns = ["spring", "summer", "autumn", "winter", "newsletter", "friends", "search", "none"];
    private static readonly string[] Tiers = ["basic", "silver", "gold"];
    private static readonly string[] Channels = ["web", "app", "store"];

    public string Tenant => tenant;

    public int Customers => customers;

    /// <summary>Purchases and registrations.</summary>
    public long Events { get; private set; }

    public static string CustomerOf(int number) => string.Create(CultureInfo.InvariantCulture, $"c{number:d7}");

    /// <summary>Whether an earlier run has written it.</summary>
    public Task<bool> IsThereAsync(CancellationToken ct) => ScalarAsync<bool>($"select exists (select from {{schema}}.tenants where tenant_id = '{tenant}')", ct);

    /// <summary>Writes everything and says that it is all reflected, but for the cells.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        await RunAsync("create table if not exists {schema}.plain_purchases (tenant_id varchar not null, customer_id varchar not null, at timestamptz not null, total numeric(12,2) not null, channel varchar not null, country varchar not null, tier varchar not null)", ct);
        var first = await ScalarAsync<long>("select coalesce(max(seq_id), 0) from {schema}.mt_events", ct) + 1;
        var share = customers / Writers;
        // Positions follow customers: each writer has a range of its own, with room for the longest histories.
        var room = (long)share * (purchasesEach * 4 + 2);
        var written = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            () => WriteAsync(writer * share, writer + 1 == Writers ? customers : (writer + 1) * share, first + (writer * room), ct), ct)));
        Events = written.Sum(part => part.Events);
        await RunAsync($"select setval('{{schema}}.mt_events_sequence', {written.Max(part => part.Last)})", ct);
        await RunAsync($"insert into {{schema}}.tenants (tenant_id, created_at) values ('{tenant}', clock_timestamp()) on conflict do nothing", ct);
        await RunAsync($"""
            insert into {"{schema}"}.reflections (tenant_id, position, recorded_at, latest_fact, settings, maintained_by, stale)
            values ('{tenant}', {written.Max(part => part.Last)}, '{End:O}', {End.AddSeconds(-1).Ticks}, null, 'none', true)
            """, ct);
        await RunAsync($"update {{schema}}.projection_progress set position = {written.Max(part => part.Last)} where tenant_id = '*'", ct);
    }

    private async Task<(long Events, long Last)> WriteAsync(int from, int to, long firstPosition, CancellationToken ct)
    {
        await using var streamsConnection = await place.DataSource.OpenConnectionAsync(ct);
        await using var eventsConnection = await place.DataSource.OpenConnectionAsync(ct);
        await using var historiesConnection = await place.DataSource.OpenConnectionAsync(ct);
        await using var plainConnection = await place.DataSource.OpenConnectionAsync(ct);
        await using var streams = await CopyAsync(streamsConnection, "mt_streams (tenant_id, id, version)", ct);
        await using var events = await CopyAsync(eventsConnection, "mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)", ct);
        await using var histories = await CopyAsync(historiesConnection, "customer_history (tenant_id, customer_id, chunk, core, names, details)", ct);
        await using var plain = await CopyAsync(plainConnection, "plain_purchases (tenant_id, customer_id, at, total, channel, country, tier)", ct);
        var position = firstPosition;
        for (var number = from; number < to; number++)
        {
            var random = new Random(number);
            var customer = CustomerOf(number);
            var (country, tier, campaign) = (Countries[random.Next(5)], Tiers[random.Next(3)], Campaigns[random.Next(8)]);
            var entries = new List<Entry>();
            var at = Start.AddSeconds(random.Next((int)(End - Start).TotalSeconds * 4 / 5));
            var attributes = new SortedDictionary<string, string?>(StringComparer.Ordinal) { ["campaign"] = campaign, ["country"] = country, ["tier"] = tier };
            entries.Add(new Entry(position++, 0, at.Ticks, "sample", $"r{number}", new Fact.Profile(true, attributes)));
            await EventAsync(events, entries[^1], (customer, entries.Count, "customer_registered", RegisteredType), $$$"""{"campaign":"{{{campaign}}}","country":"{{{country}}}","attributes":{"tier":"{{{tier}}}"}}""", ct);
            var mean = (End - at).TotalDays / purchasesEach;
            for (var order = 0; at < End && order < purchasesEach * 4; order++)
            {
                var (total, channel, id) = (random.Next(500, 20_000), Channels[random.Next(3)], $"{number}-{order}");
                entries.Add(new Entry(position++, 0, at.Ticks, "sample", $"p{id}", new Fact.Purchase(Fact.Key(id), total * 100L, null, channel, null)));
                await EventAsync(events, entries[^1], (customer, entries.Count, "purchase_made", DotNetType), string.Create(
                    CultureInfo.InvariantCulture, $$"""{"orderId":"{{id}}","currency":"EUR","total":{{total / 100m}},"channel":"{{channel}}"}"""), ct);
                await PlainAsync(plain, (customer, at, total / 100m, channel, country, tier), ct);
                at = at.AddSeconds(60 - Math.Log(1 - random.NextDouble()) * mean * 86_400);
            }
            await streams.StartRowAsync(ct);
            await streams.WriteAsync(tenant, NpgsqlDbType.Varchar, ct);
            await streams.WriteAsync(CustomerStream.Of(customer), NpgsqlDbType.Varchar, ct);
            await streams.WriteAsync((long)entries.Count, NpgsqlDbType.Bigint, ct);
            await HistoryAsync(histories, customer, entries, ct);
        }
        await streams.CompleteAsync(ct);
        await events.CompleteAsync(ct);
        await histories.CompleteAsync(ct);
        await plain.CompleteAsync(ct);
        return (position - firstPosition, position - 1);
    }

    private async Task<NpgsqlBinaryImporter> CopyAsync(NpgsqlConnection connection, string into, CancellationToken ct)
    {
        var copy = await connection.BeginBinaryImportAsync(place.Qualify($"copy {{schema}}.{into} from stdin (format binary)"), ct);
        copy.Timeout = TimeSpan.FromHours(1);
        return copy;
    }

    private async Task EventAsync(NpgsqlBinaryImporter events, Entry entry, (string Customer, int Version, string Type, string DotNetType) of, string data, CancellationToken ct)
    {
        await events.StartRowAsync(ct);
        await events.WriteAsync(entry.KnownFrom, NpgsqlDbType.Bigint, ct);
        await events.WriteAsync(EventId.Of(tenant, entry.Source, entry.Id), NpgsqlDbType.Uuid, ct);
        await events.WriteAsync(CustomerStream.Of(of.Customer), NpgsqlDbType.Varchar, ct);
        await events.WriteAsync((long)of.Version, NpgsqlDbType.Bigint, ct);
        await events.WriteAsync(Encoding.UTF8.GetBytes(data), NpgsqlDbType.Jsonb, ct);
        await events.WriteAsync(of.Type, NpgsqlDbType.Varchar, ct);
        await events.WriteAsync(End, NpgsqlDbType.TimestampTz, ct);
        await events.WriteAsync(tenant, NpgsqlDbType.Varchar, ct);
        await events.WriteAsync(of.DotNetType, NpgsqlDbType.Varchar, ct);
        await events.WriteAsync(Encoding.UTF8.GetBytes(
            $$"""{"source":"{{entry.Source}}","id":"{{entry.Id}}","occurredAt":"{{new DateTime(entry.OccurredAt, DateTimeKind.Utc):O}}","hash":"0","schema":1}"""), NpgsqlDbType.Jsonb, ct);
        await events.WriteAsync(false, NpgsqlDbType.Boolean, ct);
    }

    private async Task HistoryAsync(NpgsqlBinaryImporter histories, string customer, List<Entry> entries, CancellationToken ct)
    {
        foreach (var (index, part) in entries.Chunk(Chunk.Capacity).Index())
        {
            var bytes = ChunkFormat.Write([.. part]);
            await histories.StartRowAsync(ct);
            await histories.WriteAsync(tenant, NpgsqlDbType.Varchar, ct);
            await histories.WriteAsync(customer, NpgsqlDbType.Varchar, ct);
            await histories.WriteAsync(index * Chunk.Gap, NpgsqlDbType.Bigint, ct);
            await histories.WriteAsync(bytes.Core, NpgsqlDbType.Bytea, ct);
            await histories.WriteAsync(bytes.Names, NpgsqlDbType.Bytea, ct);
            await histories.WriteAsync(bytes.Details, NpgsqlDbType.Bytea, ct);
        }
    }

    private async Task PlainAsync(NpgsqlBinaryImporter plain, (string Customer, DateTime At, decimal Total, string Channel, string Country, string Tier) row, CancellationToken ct)
    {
        await plain.StartRowAsync(ct);
        await plain.WriteAsync(tenant, NpgsqlDbType.Varchar, ct);
        await plain.WriteAsync(row.Customer, NpgsqlDbType.Varchar, ct);
        await plain.WriteAsync(row.At, NpgsqlDbType.TimestampTz, ct);
        await plain.WriteAsync(row.Total, NpgsqlDbType.Numeric, ct);
        await plain.WriteAsync(row.Channel, NpgsqlDbType.Varchar, ct);
        await plain.WriteAsync(row.Country, NpgsqlDbType.Varchar, ct);
        await plain.WriteAsync(row.Tier, NpgsqlDbType.Varchar, ct);
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
