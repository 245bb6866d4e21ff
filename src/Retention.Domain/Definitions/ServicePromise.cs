using System.Xml;

namespace Retention.Domain.Definitions;

/// <summary>Until when a complaint is to be answered.</summary>
/// <param name="Ticks">UTC.</param>
/// <param name="Inclusive">Whether an answer at the very instant keeps the promise.</param>
public readonly record struct Due(long Ticks, bool Inclusive)
{
    public bool IsKeptBy(long answered) => answered < Ticks || (Inclusive && answered == Ticks);
}

/// <summary>
/// A tenant's promise by channel, <c>*</c> for all others: a duration of real time (a day has 24 hours), or <c>end-of-next-day</c>, before
/// the start of the second local day after the receipt in the tenant's own zone.
/// </summary>
public sealed class ServicePromise(Calendar calendar, IReadOnlyDictionary<string, string> byChannel)
{
    public const string EndOfNextDay = "end-of-next-day";

    private const string Others = "*";

    private readonly Dictionary<string, TimeSpan?> times =
        byChannel.ToDictionary(pair => pair.Key, pair => pair.Value == EndOfNextDay ? (TimeSpan?)null : XmlConvert.ToTimeSpan(pair.Value), StringComparer.Ordinal);

    public static ServicePromise Of(Settings settings) => new(settings.ToDefinition().Calendar, settings.ServicePromise);

    /// <param name="channel">Of the complaint; null for none.</param>
    /// <param name="received">UTC ticks.</param>
    /// <returns>Null where nothing is promised for the channel.</returns>
    public Due? Of(string? channel, long received)
    {
        if (!times.TryGetValue(channel ?? Others, out var time) && !times.TryGetValue(Others, out time)) return null;
        return time is { } within ? new Due(received + within.Ticks, true) : new Due(calendar.StartOf(calendar.DayOf(received).AddDays(2)).UtcTicks, false);
    }
}
