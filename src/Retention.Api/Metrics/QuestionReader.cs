using System.Globalization;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.ReadModels;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Api.Metrics;

/// <summary>Reads what is asked from a query string: the definition, the moment, the periods and whose facts count.</summary>
internal static class QuestionReader
{
    /// <summary>Dimensions that answers can be grouped by.</summary>
    public static IReadOnlyList<string> GroupDimensions { get; } = ["channel", "country", "campaign", "tier"];

    public static Question Read(QueryReader query, MetricShape shape, Reflection reflection, DateTimeOffset now)
    {
        var definition = DefinitionOf(query, reflection.Settings);
        var partition = PartitionOf(query, shape, definition);
        var asOf = AsOfOf(query, definition.Calendar, partition, reflection, now);
        return new Question(definition, asOf, shape.WholeRange && !query.Has("grain") ? WholeOf(query, asOf) : partition)
        {
            Selection = SelectionOf(query),
            GroupBy = shape.Groups ? query.Choice("groupBy", shape.Dimensions) : null,
        };
    }

    /// <summary>The range given, as the first and the last local day, or for hours as instants in UTC ticks; null for an end not given.</summary>
    public static (Bound? From, Bound? To) RangeOf(QueryReader query, Question question)
    {
        var hours = !question.Partition.OfDays;
        var (from, to) = (BoundOf(query, "from", hours, question.Definition.Calendar), BoundOf(query, "to", hours, question.Definition.Calendar));
        if (from is { } start && to is { } end && start.Ticks >= end.Ticks) query.Fault("to", "empty_range", "must lie after from");
        return (from, to);
    }

    private static Bound? BoundOf(QueryReader query, string name, bool hours, Calendar calendar)
    {
        if (!hours) return query.Date(name) is { } date ? new Bound(date, calendar.StartOf(date).UtcTicks) : null;
        if (query.Text(name) is not { } text) return null;
        var time = QueryReader.TryDate(text) is { } day ? calendar.StartOf(day)
            : Timestamp.TryParse(text) ?? Timestamp.TryParse(WithSeconds(text))
            ?? (DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
                && local.Year is >= 1900 and <= 2200 ? calendar.At(local) : null);
        if (time is { Year: >= 1900 and <= 2200 } known) return new Bound(calendar.DayOf(known.UtcTicks), known.UtcTicks);
        query.Fault(name, "not_a_time", "must be a local date or time such as 2026-01-31T08:00, with or without an offset, from 1900 to 2200");
        return null;
    }

    /// <summary>A time to the minute with an offset, which RFC 3339 lacks, as one that it has: 2026-01-31T08:00:00+02:00.</summary>
    private static string WithSeconds(string text)
    {
        const int minutes = 16;
        return text.Length > minutes && text[minutes] is 'Z' or '+' or '-' ? text.Insert(minutes, ":00") : text;
    }

    private static Definition DefinitionOf(QueryReader query, Settings settings)
    {
        var definition = settings.ToDefinition();
        if (query.Text("tz") is { } zone)
        {
            if (Calendar.In(zone) is { } calendar) definition = definition with { Calendar = calendar };
            else query.Fault("tz", "unknown_time_zone", "must be a tz database name such as Europe/Helsinki");
        }
        if (query.Text("activity") is { } activity)
        {
            if (ActivityDays(activity) is { } days) definition = definition with { ActivityDays = days };
            else query.Fault("activity", "not_allowed", $"must be window:Nd with N from 1 to {Definition.MaxActivityDays}, such as window:60d");
        }
        if (query.Choice("refunds", Settings.RefundNames) is { } refunds)
            definition = definition with { Refunds = refunds == "refund" ? RefundAttribution.Refund : RefundAttribution.Order };
        return definition;
    }

    private static int? ActivityDays(string activity) =>
        activity.StartsWith("window:", StringComparison.Ordinal) && activity.EndsWith('d') && activity.Length is > 8 and < 14
        && int.TryParse(activity.AsSpan(7, activity.Length - 8), NumberStyles.None, null, out var days)
        && days is >= 1 and <= Definition.MaxActivityDays ? days : null;

    /// <summary>The later of the start of the local day (of the hour, for hours) and the time of the last event reflected.</summary>
    public static DateTimeOffset DefaultMoment(Calendar calendar, bool ofDays, DateTimeOffset? recordedAt, DateTimeOffset now)
    {
        var current = ofDays
            ? calendar.StartOf(calendar.DayOf(now.UtcTicks))
            : new DateTimeOffset(calendar.StartOfHour(calendar.HourOf(now.UtcTicks)), TimeSpan.Zero);
        return recordedAt is { } recorded && recorded > current ? recorded : current;
    }

    /// <summary>The moment given, or <see cref="DefaultMoment"/>.</summary>
    private static AsOf AsOfOf(QueryReader query, Calendar calendar, Partition partition, Reflection reflection, DateTimeOffset now)
    {
        var moment = DefaultMoment(calendar, partition.OfDays, reflection.RecordedAt, now);
        if (query.Text("asOf") is not { } text) return AsOf.In(calendar, moment);
        var given = Timestamp.TryParse(text) ?? (QueryReader.TryDate(text) is { } day ? calendar.StartOf(day) : null);
        if (given is null) query.Fault("asOf", "not_a_time", "must be an RFC 3339 time with an offset, or an ISO date from 1900 to 2200 for its local start; a + in a URL is written %2B");
        else if (given > now) query.Fault("asOf", "in_future", $"may not lie in the future; the service's clock says {Timestamp.Format(now)}");
        else if (given.Value.UtcDateTime.Year < 1900) query.Fault("asOf", "out_of_range", "may not lie before 1900");
        else moment = given.Value;
        return AsOf.In(calendar, moment);
    }

    private static Partition PartitionOf(QueryReader query, MetricShape shape, Definition definition)
    {
        if (query.Choice("grain", shape.Hours ? GrainNames.All : GrainNames.OfDays) is { } grain) return definition.By(GrainNames.Parse(grain)!.Value);
        var exact = shape.ExactRange && query.Has("from") && query.Has("to") && !query.Has("grain");
        return exact && query.Date("from") is { } first && query.Date("to") is { } end && first < end
            ? new Partition.Exactly(first, end)
            : definition.By(Grain.Month);
    }

    /// <summary>The range as one period: from the beginning of time and to the end of the moment's day where nothing is given.</summary>
    private static Partition.Exactly WholeOf(QueryReader query, AsOf asOf)
    {
        var from = query.Date("from") ?? DateOnly.MinValue;
        var to = query.Date("to") ?? asOf.Day.AddDays(1);
        return new(from, from < to ? to : from.AddDays(1));
    }

    private static Selection SelectionOf(QueryReader query)
    {
        var conditions = new List<Condition>();
        foreach (var text in query.All("filter"))
        {
            var (condition, fault) = Condition.Parse(text);
            if (condition is not null) conditions.Add(condition);
            else query.Fault("filter", "not_allowed", fault!);
        }
        return conditions.Count == 0 ? Selection.Everybody : new Selection(conditions);
    }
}

/// <summary>An end of a range.</summary>
/// <param name="Ticks">Its instant, in UTC ticks.</param>
internal readonly record struct Bound(DateOnly Day, long Ticks);
