using System.Globalization;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Domain.Tests.Customers;

/// <summary>One customer's facts, told in any order; times are UTC, as <c>2026-01-05</c> or <c>2026-01-05 10:30</c>.</summary>
internal sealed class Story
{
    private readonly List<Entry> told = [];

    public IReadOnlyList<Entry> Told => told;

    public CustomerHistory History => told.Aggregate(CustomerHistory.Empty, (history, entry) => history.With(entry));

    public static DateTimeOffset Time(string at) => DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static DateOnly Day(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static AsOf Moment(string at, Calendar? calendar = null) => AsOf.In(calendar ?? Calendar.Utc, Time(at));

    /// <summary>Orders of 10.00 at these times, each with an id of its own.</summary>
    public static Story OfOrders(params string[] times) => times.Aggregate(new Story(), (story, at) => story.Buys(at, at, 10));

    public Story Buys(string at, string order, decimal total, decimal? margin = null, string id = "") =>
        Tells(at, new Fact.Purchase(Fact.Key(order), Currency.ToUnits(total), margin is { } known ? Currency.ToUnits(known) : null, null, null), id);

    public Story IsRefunded(string at, string order, decimal amount, string id = "") =>
        Tells(at, new Fact.Refund(Fact.Key(order), Currency.ToUnits(amount)), id);

    public Story Cancels(string at, string order) => Tells(at, new Fact.Cancellation(Fact.Key(order)));

    public Story Tells(string at, Fact fact, string id = "", string source = "shop")
    {
        told.Add(new Entry(told.Count + 1, 0, Time(at).UtcTicks, source, id == "" ? $"{told.Count:d6}" : id, fact));
        return this;
    }

    public CustomerView View(Definition? definition = null, string? asOf = null) =>
        new(History, definition ?? Definition.Default, asOf is null ? long.MaxValue : Time(asOf).UtcTicks);
}
