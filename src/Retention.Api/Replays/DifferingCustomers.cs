using Retention.Api.Customers;
using Retention.Api.Lineage;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Replays;

/// <summary>What a customer counts for on one side.</summary>
/// <param name="Orders">Valid orders before the moment.</param>
/// <param name="Revenue">Of these orders, in the currency's major unit.</param>
/// <param name="Active">On the day of the moment.</param>
internal sealed record CustomerSide(int Orders, decimal Revenue, DateOnly? CustomerSince, bool Active);

/// <summary>A figure that a customer adds otherwise on both sides; 0 where it adds nothing.</summary>
/// <param name="Period">Empty for lists, which have none.</param>
/// <param name="Part">The outcome or reason; null where a period has one row.</param>
internal sealed record DifferingFigure(string Period, string? Part, string Figure, decimal Live, decimal Replay);

/// <param name="Live">Null for one that counts nowhere, as for <paramref name="Replay"/>.</param>
internal sealed record DifferingCustomer(string Customer, CustomerSide? Live, CustomerSide? Replay, IReadOnlyList<DifferingFigure> Figures);

/// <summary>One of the two sides that are compared: the metric's answer, and a look at the record that it is of.</summary>
internal sealed record DifferingSide(LineageCell Cell, Snapshot Look)
{
    public Question Question { get; } = new(Cell.Definition, AsOf.In(Cell.Definition.Calendar, Cell.AsOf), Cell.Definition.By(Grain.Month)) { KnownAt = Cell.Position };
}

/// <summary>
/// Finds the customers who add something else to a metric on one side than on the other. Whose record looks the same under both definitions
/// is passed over; of all others the metric itself is asked, on both sides.
/// </summary>
internal static class DifferingCustomers
{
    /// <summary>About so many rows are asked for at a time, and at least of so many customers.</summary>
    private const int MostRows = 40_000;

    private const int FewestCustomers = 200;

    /// <returns>A page in order of customers' ids, and the cursor of the next.</returns>
    public static async Task<(IReadOnlyList<DifferingCustomer> Rows, string? NextCursor)> PageAsync(HttpContext http, DifferingSide live, DifferingSide made, PageRequest page)
    {
        var candidates = await CandidatesAsync(live, made, page.After, http.RequestAborted);
        var periods = Math.Max(1, live.Cell.Question.IsList ? 1 : AnswerRows.Of(live.Cell.Answer).Count);
        var found = new List<(string Customer, IReadOnlyList<DifferingFigure> Figures)>();
        foreach (var batch in candidates.Chunk(Math.Max(FewestCustomers, MostRows / periods)))
        {
            var only = new FoldScope { Only = batch.ToHashSet(StringComparer.Ordinal) };
            var (one, other) = (await FiguresAsync(http, live.Cell, only), await FiguresAsync(http, made.Cell, only));
            foreach (var customer in batch)
                if (Differences(one.GetValueOrDefault(customer, []), other.GetValueOrDefault(customer, [])) is { Count: > 0 } differences) found.Add((customer, differences));
            if (found.Count > page.Limit) break;
        }
        var shown = found.Take(page.Limit).ToList();
        var (lives, mades) = (await SidesAsync(live, shown, http.RequestAborted), await SidesAsync(made, shown, http.RequestAborted));
        return ([.. shown.Select(each => new DifferingCustomer(each.Customer, lives.GetValueOrDefault(each.Customer), mades.GetValueOrDefault(each.Customer), each.Figures))],
            found.Count > page.Limit ? PageRequest.CursorAfter(shown[^1].Customer) : null);
    }

    /// <summary>Customers after one, in order of ids, whose records may not look the same.</summary>
    private static async Task<IReadOnlyList<string>> CandidatesAsync(DifferingSide live, DifferingSide made, string? after, CancellationToken ct)
    {
        var (one, other) = (await LooksAsync(live, after, ct), await LooksAsync(made, after, ct));
        // What is due when, and on which days weeks begin, is nothing that a record shows.
        var (ours, theirs) = (live.Look.Reflection.Settings, made.Look.Reflection.Settings);
        var same = (ours with { Activity = theirs.Activity, Refunds = theirs.Refunds, Currency = theirs.Currency, CurrencyInUse = theirs.CurrencyInUse, Scales = theirs.Scales }).Same(theirs);
        return [.. one.Keys.Union(other.Keys).Where(id => !same || !one.TryGetValue(id, out var look) || !other.TryGetValue(id, out var its) || look != its).Order(StringComparer.Ordinal)];
    }

    private static async Task<Dictionary<string, int>> LooksAsync(DifferingSide side, string? after, CancellationToken ct)
    {
        var folded = await side.Look.FoldAsync(side.Question, () => new Looks(), (customer, looks) =>
        {
            var id = Page<object>.IdOf(customer);
            if (after is null || string.CompareOrdinal(id, after) > 0) looks.ById[id] = LookOf(customer);
        }, ct);
        return folded.Single().Cells.ById;
    }

    /// <summary>All that metrics see of a customer, as a hash.</summary>
    private static int LookOf(CustomerView customer)
    {
        var look = new HashCode();
        foreach (var order in customer.Orders) look.Add((order.Day, order.Net, order.Booked, customer.PositionOf(order)));
        foreach (var order in customer.Invalid) look.Add((order.Day, order.Net, order.Booked, customer.PositionOf(order)));
        foreach (var booking in customer.Elsewhere) look.Add(booking);
        foreach (var span in customer.Spans) look.Add(span);
        for (var i = 0; i < customer.Others.Length; i++) look.Add((customer.PositionOfOther(i), customer.DayOf(customer.Others[i].OccurredAt)));
        return look.ToHashCode();
    }

    private static async Task<Dictionary<string, Dictionary<(string, string?, string), decimal>>> FiguresAsync(HttpContext http, LineageCell cell, FoldScope scope) =>
        (await cell.RowsAsync(http, scope)).ToDictionary(own => own.Key, own => own
            .SelectMany(row => row.Figures.Where(figure => figure.Value is not null and not 0 && AnswerRows.IsSum(cell.Question.Metric, figure.Key)), (row, figure) => ((row.Period, row.Part, figure.Key), figure.Value!.Value))
            .DistinctBy(figure => figure.Item1).ToDictionary(), StringComparer.Ordinal);

    private static List<DifferingFigure> Differences(Dictionary<(string Period, string? Part, string Figure), decimal> live, Dictionary<(string Period, string? Part, string Figure), decimal> made) =>
    [
        .. from key in live.Keys.Union(made.Keys)
           where live.GetValueOrDefault(key) != made.GetValueOrDefault(key)
           orderby key.Period, key.Part, key.Figure
           select new DifferingFigure(key.Period, key.Part, key.Figure, live.GetValueOrDefault(key), made.GetValueOrDefault(key)),
    ];

    private static async Task<Dictionary<string, CustomerSide>> SidesAsync(
        DifferingSide side, IReadOnlyList<(string Customer, IReadOnlyList<DifferingFigure>)> shown, CancellationToken ct)
    {
        var (sides, digits) = (new Dictionary<string, CustomerSide>(StringComparer.Ordinal), side.Look.Reflection.Settings.Currency is { } currency ? Currency.Digits(currency) ?? 2 : 2);
        var view = new CustomerView(side.Cell.Definition, side.Cell.AsOf.UtcTicks, side.Cell.Position);
        foreach (var (id, joined) in await side.Look.IdentitiesAsync(shown.Select(each => each.Customer), side.Cell.Position, ct))
        {
            view.Look(Columns.Of((id, joined.History.Entries)), 0);
            if (view.Orders.IsEmpty) continue;
            var active = false;
            foreach (var span in view.Spans) active |= span.ActiveAt(side.Question.AsOf.Day);
            sides[id] = new CustomerSide(view.Orders.Length, Currency.FromUnits(view.Spent, digits), view.Orders[0].Day, active);
        }
        return sides;
    }

    private sealed class Looks : IMergeable<Looks>
    {
        public Dictionary<string, int> ById { get; } = new(StringComparer.Ordinal);

        public void Add(Looks others)
        {
            foreach (var (customer, look) in others.ById) ById[customer] = look;
        }
    }
}
