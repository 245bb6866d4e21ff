using System.Globalization;
using System.Text;
using System.Text.Json;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Tests;

/// <summary>Events and looks into tables, for the tests of the log.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 3, 12, 0, 0, TimeSpan.FromHours(2));

    public static NewEvent Event(string tenant, string customer, string id, decimal amount = 1, long? expected = null)
    {
        using var data = JsonDocument.Parse(string.Create(CultureInfo.InvariantCulture, $$"""{"orderId":"{{id}}","amount":{{amount}}}"""));
        var hash = ContentHash.Of("purchase_refunded", customer, Noon, data.RootElement);
        return new NewEvent(
            CustomerStream.Of(customer), "purchase_refunded", "Retention.Domain.Events.CustomerEvent+PurchaseRefunded, Retention.Domain",
            EventId.Of(tenant, "test", id), Encoding.UTF8.GetBytes(data.RootElement.GetRawText()), new EventHeaders("test", id, "2026-01-03T12:00:00+02:00", hash, 1),
            expected);
    }

    public static async Task<T> ScalarAsync<T>(this Place place, string sql)
    {
        await using var command = place.Command(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public static async Task RunAsync(this Place place, string sql)
    {
        await using var command = place.Command(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The first column of every row, as text.</summary>
    public static async Task<IReadOnlyList<string>> LinesAsync(this Place place, string sql)
    {
        await using var command = place.Command(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        while (await reader.ReadAsync()) lines.Add(reader.GetString(0));
        return lines;
    }

    public static Task<long> LastNumberAsync(this Place place) =>
        place.ScalarAsync<long>("select case when is_called then last_value else 0 end from {schema}.mt_events_sequence");
}
