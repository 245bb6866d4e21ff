using System.Text.Json;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Definitions;

public class SettingsTests
{
    [Theory]
    [InlineData("timeZone", """ "Europe/Helsinki" """)]
    [InlineData("timeZone", """ "US/Pacific" """)]
    [InlineData("timeZone", """ "UTC" """)]
    [InlineData("weekStart", """ "sunday" """)]
    [InlineData("currency", """ "EUR" """)]
    [InlineData("currency", """ "JPY" """)]
    [InlineData("activity", """{"kind":"window","days":1}""")]
    [InlineData("activity", """{"kind":"window","days":3660}""")]
    [InlineData("refunds", """ "order" """)]
    [InlineData("refunds", """ "refund" """)]
    [InlineData("minN", "1")]
    [InlineData("minN", "1000")]
    [InlineData("askThrottleDays", "0")]
    [InlineData("askThrottleDays", "3660")]
    [InlineData("businessHours", """{"monday":[["00:00","12:00"],["12:00","24:00"]],"sunday":[],"holidays":["2026-12-25"]}""")]
    [InlineData("businessHours", "{}")]
    [InlineData("servicePromise", """{"chat":"PT5M","email":"end-of-next-day","*":"P1DT12H"}""")]
    public void What_is_allowed_is_taken_over_and_everything_else_stays(string member, string value)
    {
        var (settings, faults) = Merge(Settings.Default, $$"""{"{{member}}": {{value}} }""");

        faults.ShouldBeEmpty();
        Members(settings)[member].ShouldBe(Canonical(value));
        Members(settings).Where(other => other.Key != member).ShouldBe(Members(Settings.Default).Where(other => other.Key != member));
    }

    [Theory]
    [InlineData("timeZone", """ "Mars" """, "timeZone")]
    [InlineData("timeZone", """ "UTC+03:00" """, "timeZone")]
    [InlineData("timeZone", "null", "timeZone")]
    [InlineData("timeZone", "1", "timeZone")]
    [InlineData("weekStart", """ "Sunday" """, "weekStart")]
    [InlineData("weekStart", """ "1" """, "weekStart")]
    [InlineData("weekStart", "1", "weekStart")]
    [InlineData("currency", """ "eur" """, "currency")]
    [InlineData("currency", """ "XAU" """, "currency")]
    [InlineData("currency", "null", "currency")]
    [InlineData("activity", """{"kind":"window","days":0}""", "activity.days")]
    [InlineData("activity", """{"kind":"window","days":3661}""", "activity.days")]
    [InlineData("activity", """{"kind":"window","days":1.5}""", "activity.days")]
    [InlineData("activity", """{"kind":"window"}""", "activity.days")]
    [InlineData("activity", """{"kind":"gap","days":10}""", "activity.kind")]
    [InlineData("activity", """{"days":10}""", "activity.kind")]
    [InlineData("activity", "90", "activity.kind")]
    [InlineData("refunds", """ "both" """, "refunds")]
    [InlineData("refunds", """ "Order" """, "refunds")]
    [InlineData("minN", "0", "minN")]
    [InlineData("minN", "1001", "minN")]
    [InlineData("minN", """ "5" """, "minN")]
    [InlineData("minN", "1e20", "minN")]
    [InlineData("askThrottleDays", "-1", "askThrottleDays")]
    [InlineData("askThrottleDays", "3661", "askThrottleDays")]
    [InlineData("businessHours", "[]", "businessHours")]
    [InlineData("businessHours", """{"funday":[]}""", "businessHours.funday")]
    [InlineData("businessHours", """{"monday":[["17:00","09:00"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"monday":[["09:00","12:00"],["11:00","13:00"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"monday":[["9:00","12:00"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"monday":[["09:00","12:00\n"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"monday":[["24:00","25:00"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"monday":[["09:00"]]}""", "businessHours.monday")]
    [InlineData("businessHours", """{"holidays":["2026-02-30"]}""", "businessHours.holidays")]
    [InlineData("businessHours", """{"holidays":"2026-12-25"}""", "businessHours.holidays")]
    [InlineData("servicePromise", """{"chat":"soon"}""", "servicePromise.chat")]
    [InlineData("servicePromise", """{"chat":"P"}""", "servicePromise.chat")]
    [InlineData("servicePromise", """{"chat":"PT"}""", "servicePromise.chat")]
    [InlineData("servicePromise", """{"chat":"P1Y"}""", "servicePromise.chat")]
    [InlineData("servicePromise", """{"chat":"PT5M\n"}""", "servicePromise.chat")]
    [InlineData("servicePromise", """{"chat":5}""", "servicePromise.chat")]
    [InlineData("servicePromise", "[]", "servicePromise")]
    [InlineData("scales", """{"csat":{"min":0,"max":10,"topBox":3}}""", "scales")]
    [InlineData("colour", "1", "colour")]
    public void What_is_not_allowed_is_named_and_changes_nothing(string member, string value, string path)
    {
        var (settings, faults) = Merge(Settings.Default, $$"""{"{{member}}": {{value}} }""");

        faults.ShouldContain(fault => fault.Path == path);
        faults.ShouldAllBe(fault => fault.Code.Length > 0 && fault.Message.Length > 0);
        settings.Same(Settings.Default).ShouldBeTrue();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"UTC\"")]
    public void Only_an_object_changes_settings(string request) => Merge(Settings.Default, request).Faults.ShouldNotBeEmpty();

    [Fact]
    public void Every_fault_of_a_request_is_named_at_once() =>
        Merge(Settings.Default, """{"minN":0,"refunds":"x","timeZone":"Mars"}""").Faults.Select(fault => fault.Path).ShouldBe(["minN", "refunds", "timeZone"]);

    [Fact]
    public void Absent_members_keep_what_was_set_before()
    {
        var (set, _) = Merge(Settings.Default, """{"timeZone":"Asia/Kolkata","minN":7,"weekStart":"sunday","currency":"EUR"}""");

        var (merged, faults) = Merge(set, """{"refunds":"refund"}""");

        faults.ShouldBeEmpty();
        (merged.TimeZone, merged.MinN, merged.WeekStart, merged.Currency, merged.Refunds).ShouldBe(("Asia/Kolkata", 7, "sunday", "EUR", "refund"));
    }

    [Fact]
    public void The_event_of_a_change_reads_as_the_same_settings()
    {
        var (set, _) = Merge(Settings.Default, """{"timeZone":"Asia/Kolkata","servicePromise":{"chat":"PT1M"},"businessHours":{"sunday":[["10:00","11:00"]]}}""");

        var read = SettingsChanged.Read(JsonElement.Parse(new SettingsChanged(set).ToData()));

        read.Same(set).ShouldBeTrue();
        read.ToDefinition().Key.ShouldBe(set.ToDefinition().Key);
    }

    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var definition = Settings.Default.ToDefinition();

        (definition.Calendar.Zone, definition.WeekStart, definition.ActivityDays, definition.Refunds)
            .ShouldBe(("UTC", DayOfWeek.Monday, 90, RefundAttribution.Order));
        (Settings.Default.MinN, Settings.Default.Currency).ShouldBe((5, null));
        Settings.Default.ServicePromise.ShouldBe(new Dictionary<string, string> { ["chat"] = "PT5M", ["email"] = "end-of-next-day", ["*"] = "PT24H" }, ignoreOrder: true);
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("US/Pacific")]
    public void A_definitions_key_names_every_choice_and_reads_back(string zone)
    {
        var definition = new Definition(Calendar.In(zone)!, DayOfWeek.Saturday, 17, RefundAttribution.Refund);
        Definition[] others =
        [
            definition with { Calendar = Calendar.In("Etc/UTC")! }, definition with { WeekStart = DayOfWeek.Monday }, definition with { ActivityDays = 18 },
            definition with { Refunds = RefundAttribution.Order },
        ];

        Definition.FromKey(definition.Key).Key.ShouldBe(definition.Key);
        others.Select(other => other.Key).Append(definition.Key).ShouldBeUnique();
    }

    private static (Settings Settings, List<Fault> Faults) Merge(Settings settings, string request)
    {
        var faults = new List<Fault>();
        return (settings.Merge(JsonElement.Parse(request), faults), faults);
    }

    private static Dictionary<string, string> Members(Settings settings) =>
        JsonSerializer.SerializeToElement(settings, Settings.Json).EnumerateObject().ToDictionary(member => member.Name, member => Canonical(member.Value.GetRawText()));

    private static string Canonical(string json) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(JsonElement.Parse(json)));
}
