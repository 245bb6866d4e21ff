namespace Retention.Domain.Customers;

/// <summary>
/// A time of unbroken activity [Start, End) in local days: touching or overlapping windows of W days after each purchase day, joined,
/// and cut short by a departure. The customer lapses on day End and, in any span but the first, is reactivated on day Start.
/// </summary>
/// <param name="Departed">Whether a departure ended it.</param>
public readonly record struct Span(DateOnly Start, DateOnly End, bool Departed = false)
{
    /// <summary>Active at a boundary day b ⇔ Start &lt; b ≤ End: a stock counts the flows of all earlier days.</summary>
    public bool ActiveAt(DateOnly boundary) => Start < boundary && boundary <= End;

    /// <summary>
    /// Adds the spans that purchase days make. A departure on day x inside an open span ends it on x, whatever the clock time of that day's
    /// orders, so that the next purchase day after x starts another span without joining; outside of a span it does nothing.
    /// </summary>
    /// <param name="orders">Valid orders in order of time.</param>
    /// <param name="departures">Local days, in order.</param>
    /// <param name="window">W, in days.</param>
    public static void AddTo(List<Span> spans, ReadOnlySpan<Order> orders, ReadOnlySpan<DateOnly> departures, int window)
    {
        var left = 0;
        foreach (var order in orders)
        {
            left = Depart(spans, departures, left, order.Day);
            var end = DateOnly.FromDayNumber(Math.Min(order.Day.DayNumber + window, DateOnly.MaxValue.DayNumber));
            if (spans.Count > 0 && !spans[^1].Departed && order.Day <= spans[^1].End) spans[^1] = spans[^1] with { End = end };
            else spans.Add(new Span(order.Day, end));
        }
        Depart(spans, departures, left, DateOnly.MaxValue);
    }

    /// <summary>Applies the departures before a day.</summary>
    private static int Depart(List<Span> spans, ReadOnlySpan<DateOnly> departures, int next, DateOnly before)
    {
        for (; next < departures.Length && departures[next] < before; next++)
        {
            if (spans.Count > 0 && !spans[^1].Departed && spans[^1].Start <= departures[next] && departures[next] < spans[^1].End)
                spans[^1] = spans[^1] with { End = departures[next], Departed = true };
        }
        return next;
    }
}
