namespace Retention.Domain.Customers;

/// <summary>
/// A time of unbroken activity [Start, End) in local days: touching or overlapping windows of W days after each purchase day, joined.
/// The customer lapses on day End and, in any span but the first, is reactivated on day Start.
/// </summary>
public readonly record struct Span(DateOnly Start, DateOnly End)
{
    /// <summary>Active at a boundary day b ⇔ Start &lt; b ≤ End: a stock counts the flows of all earlier days.</summary>
    public bool ActiveAt(DateOnly boundary) => Start < boundary && boundary <= End;

    /// <param name="orders">Valid orders in order of time.</param>
    /// <param name="window">W, in days.</param>
    public static IReadOnlyList<Span> Of(IReadOnlyList<Order> orders, int window)
    {
        var spans = new List<Span>();
        foreach (var order in orders)
        {
            var end = DateOnly.FromDayNumber(Math.Min(order.Day.DayNumber + window, DateOnly.MaxValue.DayNumber));
            if (spans.Count > 0 && order.Day <= spans[^1].End) spans[^1] = spans[^1] with { End = end };
            else spans.Add(new Span(order.Day, end));
        }
        return spans;
    }
}
