using System.Text.Json;

namespace Retention.Domain.Definitions;

/// <summary>
/// The event of a period that was closed: from then on its figures are served as they were known at <paramref name="KnownAt"/>, beside those
/// that are known since.
/// </summary>
/// <param name="Period">As it was named, see <see cref="PeriodName"/>.</param>
/// <param name="From">Local days, half-open, in <paramref name="TimeZone"/>.</param>
/// <param name="AsOf">The moment of the figures as closed.</param>
/// <param name="KnownAt">The log position of the figures as closed.</param>
/// <param name="SettingsVersion">Of the settings known then; 0 for the defaults.</param>
public sealed record PeriodClosed(string Period, string Grain, DateOnly From, DateOnly To, string TimeZone, DateTimeOffset AsOf, long KnownAt, long SettingsVersion)
{
    /// <summary>The stored name.</summary>
    public const string Name = "period_closed";

    /// <summary>The version of the shape of <c>data</c> that is written today.</summary>
    public const int SchemaVersion = 1;

    public string ToData() => JsonSerializer.Serialize(this, Settings.Json);

    /// <exception cref="InvalidDataException">The data is no closing of a period.</exception>
    public static PeriodClosed Read(JsonElement data) =>
        data.Deserialize<PeriodClosed>(Settings.Json) is { Period: not null, TimeZone: not null } closed && Calendar.In(closed.TimeZone) is not null
            ? closed
            : throw new InvalidDataException("A closing lacks its period, or names a zone that does not exist.");
}
