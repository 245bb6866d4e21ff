using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Retention.Domain.Events;

namespace Retention.Domain.Definitions;

/// <summary>Reads a request to change settings: what each member may be, and a fault that says so for what it may not.</summary>
internal static partial class SettingsRequest
{
    private static readonly string[] Weekdays = [.. Enum.GetValues<DayOfWeek>().Select(day => day.ToString().ToLowerInvariant())];

    private static readonly string[] Members =
        ["timeZone", "weekStart", "currency", "activity", "refunds", "minN", "businessHours", "servicePromise", "askThrottleDays"];

    // What an answer adds to the settings; it may stay when they are sent back.
    private static readonly string[] Answered = ["version", "position"];

    public static Settings Merge(Settings settings, JsonElement request, List<Fault> faults)
    {
        if (request.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault("", "wrong_type", "must be an object of settings"));
            return settings;
        }
        foreach (var member in request.EnumerateObject().Where(member => !Answered.Contains(member.Name)))
        {
            var count = faults.Count;
            var merged = With(settings, member.Name, member.Value, (path, code, message) => faults.Add(new Fault(path, code, message)));
            if (faults.Count == count) settings = merged;
        }
        return settings;
    }

    private static Settings With(Settings settings, string name, JsonElement value, Action<string, string, string> fault)
    {
        switch (name)
        {
            case "timeZone":
                var zone = Text(value);
                if (zone is null || Calendar.In(zone) is null) fault(name, "unknown_time_zone", "must be a tz database name such as Europe/Helsinki");
                return settings with { TimeZone = zone ?? "" };
            case "weekStart":
                if (!Weekdays.Contains(Text(value))) fault(name, "not_allowed", $"must be one of {string.Join(", ", Weekdays)}");
                return settings with { WeekStart = Text(value) ?? "" };
            case "currency":
                if (Text(value) is not { } code || Currency.Digits(code) is null) fault(name, "unknown_currency", "must be an ISO 4217 code such as EUR");
                return settings with { Currency = Text(value) };
            case "activity":
                return settings with { Activity = Activity(value, fault) };
            case "refunds":
                if (!Settings.RefundNames.Contains(Text(value))) fault(name, "not_allowed", $"must be one of {string.Join(", ", Settings.RefundNames)}");
                return settings with { Refunds = Text(value) ?? "" };
            case "minN":
                return settings with { MinN = Whole(name, value, (1, 1_000), fault) };
            case "askThrottleDays":
                return settings with { AskThrottleDays = Whole(name, value, (0, 3_660), fault) };
            case "scales":
                if (!JsonElement.DeepEquals(value, JsonSerializer.SerializeToElement(settings.Scales, Settings.Json)))
                    fault(name, "not_allowed", "is fixed by each instrument's first answer and may only be sent back as it is");
                return settings;
            case "businessHours":
                CheckHours(value, fault);
                return settings with { BusinessHours = value.Clone() };
            case "servicePromise":
                return settings with { ServicePromise = Promise(value, fault) };
            default:
                fault(name, "unknown_member", $"is no setting; allowed are {string.Join(", ", Members)}");
                return settings;
        }
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Whole(string name, JsonElement value, (int Min, int Max) range, Action<string, string, string> fault)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= range.Min && number <= range.Max) return number;
        fault(name, "out_of_range", $"must be a whole number from {range.Min} to {range.Max}");
        return 0;
    }

    private static ActivityPolicy Activity(JsonElement value, Action<string, string, string> fault)
    {
        var (kind, days) = ("", 0);
        if (value.ValueKind == JsonValueKind.Object)
        {
            if (value.TryGetProperty("kind", out var kindValue)) kind = Text(kindValue) ?? "";
            if (value.TryGetProperty("days", out var daysValue)) days = Whole("activity.days", daysValue, (1, Definition.MaxActivityDays), fault);
            else fault("activity.days", "required", $"is required: a whole number from 1 to {Definition.MaxActivityDays}");
        }
        if (kind != "window") fault("activity.kind", "not_allowed", "must be window");
        return new ActivityPolicy(kind, days);
    }

    private static void CheckHours(JsonElement value, Action<string, string, string> fault)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            fault("businessHours", "wrong_type", "must be an object of weekdays and holidays");
            return;
        }
        foreach (var member in value.EnumerateObject())
        {
            var path = $"businessHours.{member.Name}";
            if (member.Name == "holidays")
            {
                if (member.Value.ValueKind != JsonValueKind.Array || !member.Value.EnumerateArray().All(IsDate)) fault(path, "wrong_type", "must be an array of ISO dates");
            }
            else if (!Weekdays.Contains(member.Name))
                fault(path, "unknown_member", $"allowed are {string.Join(", ", Weekdays)} and holidays");
            else if (member.Value.ValueKind != JsonValueKind.Array || !AreHours(member.Value))
                fault(path, "wrong_type", """must be pairs of local times in order, such as [["09:00","17:00"]]""");
        }
    }

    private static bool IsDate(JsonElement value) => DateOnly.TryParseExact(Text(value), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool AreHours(JsonElement pairs)
    {
        var last = "";
        foreach (var pair in pairs.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2) return false;
            var (from, to) = (Text(pair[0]), Text(pair[1]));
            if (from is null || to is null || !LocalTime().IsMatch(from) || !LocalTime().IsMatch(to)) return false;
            if (string.CompareOrdinal(from, to) >= 0 || string.CompareOrdinal(last, from) > 0) return false;
            last = to;
        }
        return true;
    }

    private static SortedDictionary<string, string> Promise(JsonElement value, Action<string, string, string> fault)
    {
        var promise = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (value.ValueKind != JsonValueKind.Object)
        {
            fault("servicePromise", "wrong_type", "must be an object of channels");
            return promise;
        }
        foreach (var member in value.EnumerateObject())
        {
            var text = Text(member.Value);
            if (text is null || (text != "end-of-next-day" && !Duration().IsMatch(text)))
                fault($"servicePromise.{member.Name}", "not_allowed", "must be an ISO 8601 duration of days, hours, minutes or seconds, or end-of-next-day");
            else
                promise[member.Name] = text;
        }
        return promise;
    }

    [GeneratedRegex(@"\A(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\z")]
    private static partial Regex LocalTime();

    [GeneratedRegex(@"\AP(?=.)([0-9]{1,4}D)?(T(?=.)([0-9]{1,5}H)?([0-9]{1,6}M)?([0-9]{1,7}S)?)?\z")]
    private static partial Regex Duration();
}
