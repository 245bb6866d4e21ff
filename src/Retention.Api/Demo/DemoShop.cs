using NodaTime;
using Retention.Domain.Events;

namespace Retention.Api.Demo;

/// <param name="LastDay">The last local day with events; the first is three years earlier.</param>
/// <param name="Zone">The zone whose days, weekdays and hours the customers keep.</param>
public sealed record DemoOptions(DateOnly LastDay, DateTimeZone Zone)
{
    public int Seed { get; init; } = 1;

    /// <summary>Registrations; about one in twenty never orders.</summary>
    public int Customers { get; init; } = 20_000;
}

/// <summary>
/// An invented shop for coffee and home in northern Europe: three years of events, about seven per customer, in order of occurredAt.
/// The same options give the same events to the byte.
/// </summary>
public static class DemoShop
{
    public const string Source = "demo";
    public const string Currency = "EUR";

    // Registrations a day at the end of the three years, as a multiple of those at the start.
    private const double Growth = 3;

    /// <returns>
    /// Events that become JSON as they are read. Their number is known before: <c>TryGetNonEnumeratedCount</c> answers.
    /// </returns>
    public static IEnumerable<Envelope> Events(DemoOptions options)
    {
        var happenings = InOrder(options);
        var prefix = $"demo-{options.LastDay:yyyyMMdd}-{options.Seed}-";
        return Enumerable.Range(0, happenings.Length).Select(index =>
        {
            var (at, customer, customerEvent) = happenings[index];
            var occurredAt = at.InZone(options.Zone).ToDateTimeOffset();
            return Envelope.Of(Source, $"{prefix}{index + 1:D6}", $"c-{customer:D5}", occurredAt, customerEvent);
        });
    }

    // The sort is stable: what a customer does within one second stays in its order, and so do the ids, which break ties.
    private static Happening[] InOrder(DemoOptions options)
    {
        var chance = new Random(options.Seed);
        var clock = new ShopClock(options.LastDay.AddYears(-3).AddDays(1), options.LastDay, options.Zone);
        var happenings = new List<Happening>();
        foreach (var (index, registration) in Registrations(chance, clock, options.Customers).Index())
        {
            new Shopper(chance, clock, index + 1, happenings).Live(registration);
        }
        return [.. happenings.Where(happening => happening.At < clock.Close).OrderBy(happening => happening.At)];
    }

    // In shop time, ascending.
    private static double[] Registrations(Random chance, ShopClock clock, int count)
    {
        var registrations = new double[count];
        for (var drawn = 0; drawn < count;)
        {
            var at = chance.NextDouble() * clock.End;
            if (chance.NextDouble() * Growth < 1 + (Growth - 1) * at / clock.End) registrations[drawn++] = at;
        }
        Array.Sort(registrations);
        return registrations;
    }
}

/// <summary>One event of one customer, before it is put in order and named.</summary>
internal readonly record struct Happening(Instant At, int Customer, CustomerEvent Event);
