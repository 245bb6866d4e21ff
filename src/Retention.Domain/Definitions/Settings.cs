using System.Text.Json;
using System.Text.Json.Serialization;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Domain.Definitions;

/// <summary>How long a purchase day keeps its customer active.</summary>
/// <param name="Kind">Only <c>window</c>.</param>
/// <param name="Days">W, from 1 to 3660.</param>
public sealed record ActivityPolicy(string Kind, int Days);

/// <summary>
/// A tenant's versioned choices. They are facts of the log: each change is an event in the tenant's stream <c>settings</c> that holds all
/// members.
/// </summary>
/// <param name="TimeZone">A tz database name; null while none is set, which reads as UTC.</param>
/// <param name="Currency">Null until the first order or import sets it.</param>
/// <param name="BusinessHours">Opening hours by weekday, as pairs of local times, and <c>holidays</c> as dates.</param>
/// <param name="ServicePromise">By channel, <c>*</c> for all others: an ISO 8601 duration or <c>end-of-next-day</c>.</param>
/// <param name="Scales">The scale of each instrument, set by its first answer.</param>
/// <param name="CurrencyInUse">Set by the first order, just before it is stored: from then on the currency stays.</param>
public sealed record Settings(
    string? TimeZone, string WeekStart, string? Currency, ActivityPolicy Activity, string Refunds, int MinN, JsonElement BusinessHours,
    IReadOnlyDictionary<string, string> ServicePromise, int AskThrottleDays, IReadOnlyDictionary<string, Scale> Scales, bool CurrencyInUse = false)
{
    public static IReadOnlyList<string> RefundNames { get; } = ["order", "refund"];

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    public static Settings Default { get; } = new(
        null, "monday", null, new ActivityPolicy("window", Definition.DefaultActivityDays), "order", 5, DefaultHours(),
        new SortedDictionary<string, string>(StringComparer.Ordinal) { ["chat"] = "PT5M", ["email"] = "end-of-next-day", ["*"] = "PT24H" }, 90,
        new SortedDictionary<string, Scale>(StringComparer.Ordinal));

    [JsonIgnore]
    public string Zone => TimeZone ?? "UTC";

    /// <summary>Whether every member that figures depend on is there and allowed; stored data may come from another client.</summary>
    [JsonIgnore]
    internal bool Whole =>
        Calendar.In(Zone) is not null && WeekStart is not null && Weekday(WeekStart) is not null
        && Activity is { Days: >= 1 and <= Definition.MaxActivityDays } && RefundNames.Contains(Refunds)
        && BusinessHours.ValueKind == JsonValueKind.Object && ServicePromise is not null && Scales is not null;

    /// <summary>The definition by which the tenant's default questions are answered.</summary>
    public Definition ToDefinition() => new(
        Calendar.In(Zone) ?? throw new InvalidDataException($"The tz database has no zone {Zone}."), Weekday(WeekStart)!.Value,
        Activity.Days, Refunds == "refund" ? RefundAttribution.Refund : RefundAttribution.Order);

    public Scale ScaleOf(Instrument instrument) => Scales.GetValueOrDefault(instrument.ToString().ToLowerInvariant()) ?? Scale.Of(instrument);

    /// <summary>A weekday by its English name; null for any other word.</summary>
    public static DayOfWeek? Weekday(string name) =>
        Enum.GetValues<DayOfWeek>().Cast<DayOfWeek?>().FirstOrDefault(day => string.Equals(day.ToString(), name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether both say the same, member by member, in whichever order.</summary>
    public bool Same(Settings other) =>
        JsonElement.DeepEquals(JsonSerializer.SerializeToElement(this, Json), JsonSerializer.SerializeToElement(other, Json));

    /// <summary>These settings with the members that a request names; absent members keep their value.</summary>
    public Settings Merge(JsonElement request, List<Fault> faults) => SettingsRequest.Merge(this, request, faults);

    /// <summary>In the order that the store gives members, so that defaults are spelled alike whether or not they were ever stored.</summary>
    private static JsonElement DefaultHours()
    {
        string[][] office = [["09:00", "17:00"]];
        var hours = new Dictionary<string, object>();
        foreach (var weekday in (string[])["friday", "monday", "tuesday"]) hours[weekday] = office;
        hours["holidays"] = Array.Empty<string>();
        foreach (var weekday in (string[])["thursday", "wednesday"]) hours[weekday] = office;
        return JsonSerializer.SerializeToElement(hours);
    }
}

/// <summary>The event of a change; it holds all settings as they are from then on.</summary>
public sealed record SettingsChanged(Settings Settings)
{
    /// <summary>The stored name.</summary>
    public const string Name = "settings_changed";

    /// <summary>The version of the shape of <c>data</c> that is written today.</summary>
    public const int SchemaVersion = 1;

    public string ToData() => JsonSerializer.Serialize(this, Settings.Json);

    /// <exception cref="InvalidDataException">The data holds no settings, or some that nothing can be answered by.</exception>
    public static Settings Read(JsonElement data) =>
        data.Deserialize<SettingsChanged>(Settings.Json)?.Settings is { } settings && settings.Whole ? settings
            : throw new InvalidDataException("A change of settings lacks settings, or has some that are not allowed.");
}
