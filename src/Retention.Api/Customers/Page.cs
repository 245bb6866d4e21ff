using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http.Extensions;
using Retention.Api.Metrics;
using Retention.Api.Polling;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Api.Customers;

/// <summary>Which page of a list of customers is asked for. Lists are in order of customer ids, character code by character code.</summary>
/// <param name="After">The id that the page before ended with; null for the first page.</param>
internal sealed record PageRequest(string? After, int Limit)
{
    /// <summary>The parameters that a list takes.</summary>
    public static readonly string[] Parameters = ["cursor", "limit"];

    // Tells cursors of this kind from any that may follow them.
    private const string Kind = "c:";

    /// <summary>The page that a list is asked for: all of it where it is answered whole.</summary>
    public static PageRequest Read(MetricRequest request) => request.WholeList ? new(null, int.MaxValue - 1) : Read(request.Query);

    public static PageRequest Read(QueryReader query)
    {
        var limit = query.Limit();
        if (query.Text("cursor") is not { } cursor) return new(null, limit);
        if (IdIn(cursor) is { } id) return new(id, limit);
        query.Fault("cursor", "unknown_cursor", "must be a nextCursor of this list, or left out for the first page");
        return new(null, limit);
    }

    public static string CursorAfter(string id) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Kind + id));

    private static string? IdIn(string cursor)
    {
        if (!Base64Url.IsValid(cursor)) return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(Kind, StringComparison.Ordinal) && CursorAfter(text[Kind.Length..]) == cursor ? text[Kind.Length..] : null;
    }
}

/// <summary>
/// The first rows after a customer id: the sink of a fold over all customers, which keeps no more of them than the page needs.
/// </summary>
internal sealed class Page<TRow>(PageRequest request) : IMergeable<Page<TRow>>
{
    private static readonly Comparer<string> LargestFirst = Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a));

    // One more than is shown, which tells whether there is a next page.
    private readonly PriorityQueue<TRow, string> rows = new(LargestFirst);

    /// <summary>Whether a customer belongs to the page, as far as is known yet: whoever does not need not be looked at closer.</summary>
    public bool Wants(CustomerView customer) => Wants(IdOf(customer));

    public void Add(CustomerView customer, TRow row) => Add(IdOf(customer), row);

    public void Add(Page<TRow> others)
    {
        foreach (var (row, id) in others.rows.UnorderedItems) Add(id, row);
    }

    public static string IdOf(CustomerView customer) => customer.Columns.IdOf(customer.Customer);

    /// <returns>The rows in order, and the cursor of the next page; null at the end of the list.</returns>
    public (IReadOnlyList<TRow> Rows, string? NextCursor) Take()
    {
        var ordered = rows.UnorderedItems.OrderBy(item => item.Priority, StringComparer.Ordinal).Take(request.Limit).ToList();
        return ([.. ordered.Select(item => item.Element)], rows.Count > request.Limit ? PageRequest.CursorAfter(ordered[^1].Priority) : null);
    }

    /// <summary>Names the next page in the header <c>Link</c> (RFC 8288), where CSV has no other place for it.</summary>
    /// <returns>The cursor as clients get it.</returns>
    public static string? Link(HttpContext http, string? nextCursor)
    {
        if (EpochGate.Stamp(http, nextCursor) is not { } stamped) return null;
        var query = new QueryBuilder(http.Request.Query.Where(pair => pair.Key != "cursor").SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value ?? "")))
        {
            { "cursor", stamped },
        };
        http.Response.Headers.Link = $"<{http.Request.Path}{query}>; rel=\"next\"";
        return stamped;
    }

    private bool Wants(string id) =>
        (request.After is null || string.CompareOrdinal(id, request.After) > 0)
        && (rows.Count <= request.Limit || (rows.TryPeek(out _, out var largest) && string.CompareOrdinal(id, largest) < 0));

    private void Add(string id, TRow row)
    {
        if (!Wants(id)) return;
        rows.Enqueue(row, id);
        if (rows.Count > request.Limit + 1) rows.Dequeue();
    }
}
