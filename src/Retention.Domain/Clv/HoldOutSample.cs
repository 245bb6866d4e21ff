using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Domain.Clv;

/// <summary>Where the time of an evaluation is cut.</summary>
/// <param name="CalibrationEnd">The last day that the fit knows.</param>
/// <param name="Days">Length of the hold-out, from the day after on.</param>
public readonly record struct Split(DateOnly CalibrationEnd, int Days)
{
    public DateOnly HoldOutEnd => CalibrationEnd.AddDays(Days);
}

/// <summary>
/// Customers of a calibration, and what they did after it; in no particular order. What is seen of the calibration is what was true at its
/// end: a refund of the hold-out has not happened yet.
/// </summary>
/// <param name="later">A view that ends with the hold-out.</param>
public sealed class HoldOutSample(Split split, CustomerView later) : IMergeable<HoldOutSample>
{
    private readonly List<(int RecentRepeats, int Actual)> outcomes = [];
    private readonly List<CustomerPurchases> customers = [];

    public IReadOnlyList<CustomerPurchases> Customers => customers;

    /// <param name="customer">As seen at the end of the calibration.</param>
    public void Add(CustomerView customer)
    {
        if (CustomerPurchases.Of(customer, split.CalibrationEnd) is not { } purchases) return;
        var first = split.CalibrationEnd.AddDays(-purchases.Age);
        var yearAgo = split.CalibrationEnd.AddDays(-HoldOut.Year);
        customers.Add(purchases);
        outcomes.Add((
            PurchaseDays.Count(customer.Orders, first > yearAgo ? first : yearAgo, split.CalibrationEnd),
            PurchaseDays.Count(later.Look(customer.Columns, customer.Customer).Orders, split.CalibrationEnd, split.HoldOutEnd)));
    }

    public void Add(HoldOutSample others)
    {
        customers.AddRange(others.customers);
        outcomes.AddRange(others.outcomes);
    }

    /// <summary>How good the forecasts of a model are.</summary>
    /// <returns>Null without customers.</returns>
    public HoldOutResult? Evaluate(PurchaseModel model)
    {
        var scores = Scoring.All(model, null, customers, new Horizon(split.Days, 0));
        return HoldOut.Evaluate(scores.Select((score, index) => new Forecast(
            score.ExpectedPurchases, score.BuysAgain, HoldOut.LastYearsRate(outcomes[index].RecentRepeats, customers[index].Age, split.Days), outcomes[index].Actual)));
    }
}

/// <summary>The first and the last purchase day of all customers of a fold; null without any.</summary>
public sealed class PurchaseRange : IMergeable<PurchaseRange>
{
    public (DateOnly First, DateOnly Last)? Days { get; private set; }

    public void Add(CustomerView customer)
    {
        if (PurchaseDays.Of(customer.Orders) is { } days) Widen(days.First, days.Last);
    }

    public void Add(PurchaseRange others)
    {
        if (others.Days is { } days) Widen(days.First, days.Last);
    }

    private void Widen(DateOnly first, DateOnly last) =>
        Days = Days is { } known ? (first < known.First ? first : known.First, last > known.Last ? last : known.Last) : (first, last);
}
