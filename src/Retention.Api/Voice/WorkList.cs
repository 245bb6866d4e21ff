using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Api.Voice;

/// <summary>Something to be done for a customer.</summary>
/// <param name="Order">What lists are in order of, in UTC ticks; the earliest comes first.</param>
/// <param name="Position">Where the event that makes the work stands in the log.</param>
internal sealed record WorkItem<T>(long Order, long Position, string Customer, T Subject);

/// <summary>The work that a fold over all customers finds.</summary>
internal sealed class WorkList<T> : IMergeable<WorkList<T>>
{
    /// <summary>Added to the order of what nothing is promised for, which comes last; ticks of a date do not reach it.</summary>
    public const long Unpromised = 1L << 62;

    private readonly List<WorkItem<T>> items = [];

    public void Add(CustomerView customer, long order, long position, T subject) =>
        items.Add(new(order, position, Page<T>.IdOf(customer), subject));

    public void Add(WorkList<T> others) => items.AddRange(others.items);

    /// <summary>The page that is asked for, and the cursor of the next; null at the end of the list.</summary>
    public (IReadOnlyList<WorkItem<T>> Items, int Count, string? NextCursor) Page(WorkPage asked)
    {
        var left = items.OrderBy(item => item.Order).ThenBy(item => item.Position)
            .Where(item => asked.After is not var (order, position) || item.Order > order || (item.Order == order && item.Position > position))
            .Take(asked.Limit + 1).ToList();
        var page = left.Take(asked.Limit).ToList();
        return (page, items.Count, left.Count > asked.Limit ? WorkPage.CursorAfter(page[^1].Order, page[^1].Position) : null);
    }
}

/// <summary>Which page of a work list is asked for.</summary>
/// <param name="After">The last item of the page before; null for the first page.</param>
internal sealed record WorkPage((long Order, long Position)? After, int Limit)
{
    private const string Kind = "w:";

    public static WorkPage Read(QueryReader query)
    {
        var limit = query.Limit();
        if (query.Text("cursor") is not { } cursor) return new(null, limit);
        if (ItemIn(cursor) is { } item) return new(item, limit);
        query.Fault("cursor", "unknown_cursor", "must be a nextCursor of this list, or left out for the first page");
        return new(null, limit);
    }

    public static string CursorAfter(long order, long position) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Kind}{order}:{position}")));

    private static (long, long)? ItemIn(string cursor)
    {
        if (!Base64Url.IsValid(cursor)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(':');
        return parts is ["w", var order, var position]
            && long.TryParse(order, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? (ticks, at) : null;
    }
}

/// <summary>A page of a work list.</summary>
public sealed record WorkAnswer<TRow> : PageShape<TRow>
{
    /// <summary>How many items the whole list has.</summary>
    public required int Count { get; init; }
}

/// <summary>Answers a work list.</summary>
internal static class Work
{
    /// <param name="find">Adds a customer's work.</param>
    /// <param name="row">Spells an item, with the event that makes it as it is in the log.</param>
    public static async Task<IResult> AnswerAsync<T, TRow>(
        HttpContext http, (MetricRequest Request, CatalogueEntry Metric, Dictionary<string, object?> More) asked,
        Action<CustomerView, WorkList<T>> find, Func<WorkItem<T>, StoredEvent, TRow> row)
        where TRow : notnull
    {
        var (request, metric, more) = asked;
        var page = request.WholeList ? new WorkPage(null, int.MaxValue - 1) : WorkPage.Read(request.Query);
        request.Query.Done();
        var folded = await request.Snapshot.FoldAsync(request.Question, () => new WorkList<T>(), find, http.RequestAborted);
        var (items, count, nextCursor) = folded.Single().Cells.Page(page);
        var log = http.RequestServices.GetRequiredService<EventLog>();
        var events = await log.ReadAtAsync(request.Snapshot.Tenant, [.. items.Select(item => item.Position)], http.RequestAborted);
        nextCursor = Page<T>.Link(http, nextCursor);
        var parameters = request.Parameters();
        foreach (var (name, value) in more) parameters[name] = value;
        parameters["limit"] = page.Limit;
        return MetricAnswer.Of(
            request, metric, parameters, [.. items.Select(item => row(item, events[item.Position]))], [new("count", count), new("nextCursor", nextCursor)]);
    }
}
