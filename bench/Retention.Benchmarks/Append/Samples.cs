using System.Globalization;
using System.Text;
using System.Text.Json;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Append;

/// <summary>Purchases of about 290 bytes of data, the same in every run.</summary>
internal static class Samples
{
    public const string Tenant = "bench";

    /// <param name="first">The number of the first event; events of different numbers have different ids.</param>
    /// <param name="customers">How many customers they are spread over, at random.</param>
    /// <param name="group">Tells the customers of one writer from those of the next.</param>
    public static NewEvent[] Purchases(int first, int count, int customers, string group)
    {
        var random = new Random(first);
        var made = new NewEvent[count];
        for (var index = 0; index < count; index++)
            made[index] = Purchase(first + index, $"{group}-{random.Next(customers)}", random);
        return made;
    }

    /// <summary>The same purchases as a client sends them: one line of NDJSON each.</summary>
    public static IEnumerable<string> Lines(int first, int count, int customers, string group)
    {
        var random = new Random(first);
        for (var index = 0; index < count; index++)
        {
            var number = first + index;
            var customer = $"{group}-{random.Next(customers)}";
            yield return string.Create(CultureInfo.InvariantCulture, $$"""
                {"id":"evt-{{number:d9}}","source":"bench","type":"purchase_made","customer":"{{customer}}","occurredAt":"{{At(number):yyyy-MM-dd'T'HH:mm:ss'Z'}}","data":{{Data(number, random)}}}
                """);
        }
    }

    private static NewEvent Purchase(int number, string customer, Random random)
    {
        var (at, data) = (At(number), Data(number, random));
        using var json = JsonDocument.Parse(data);
        var id = $"evt-{number:d9}";
        return new NewEvent(
            CustomerStream.Of(customer), "purchase_made", "Retention.Domain.Events.CustomerEvent+PurchaseMade, Retention.Domain",
            EventId.Of(Tenant, "bench", id), Encoding.UTF8.GetBytes(data),
            new EventHeaders("bench", id, at.ToString("O", CultureInfo.InvariantCulture),
                ContentHash.Of("purchase_made", customer, at, json.RootElement), 1));
    }

    private static DateTimeOffset At(int number) => new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(number);

    private static string Data(int number, Random random) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"orderId":"o-{{number:d9}}","currency":"EUR","total":{{random.Next(100, 90_000) / 100m}},"channel":"web","lines":[{"sku":"sku-{{random.Next(9_999):d4}}","category":"kitchen","quantity":{{random.Next(1, 9)}},"unitPrice":{{random.Next(100, 9_000) / 100m}}},{"sku":"sku-{{random.Next(9_999):d4}}","category":"garden","quantity":1,"unitPrice":{{random.Next(100, 9_000) / 100m}}}],"shipping":4.90,"tax":12.35}
        """);
}
