using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Replays;

/// <summary>What a customer counts for on one side.</summary>
/// <param name="Orders">Valid orders before the moment.</param>
/// <param name="Revenue">Of these orders, in the currency's major unit.</param>
/// <param name="Active">On the day of the moment.</param>
internal sealed record CustomerSide(int Orders, decimal Revenue, DateOnly? CustomerSince, bool Active);

/// <param name="Live">Null for one that counts nowhere, as for <paramref name="Replay"/>.</param>
internal sealed record DifferingCustomer(string Customer, CustomerSide? Live, CustomerSide? Replay);

/// <summary>Finds the customers whose contributions to a figure differ between two looks: the sums of their hashes do.</summary>
internal static class DifferingCustomers
{
    private static readonly string[] ByActivity = ["retention", "lifecycle", "survival"];
    private static readonly string[] ByRevenue = ["revenue", "revenue-retention"];
    private static readonly string[] ByCohort = ["cohorts", "clv", "time-between-purchases"];

    public static bool Tells(string metric) => ByActivity.Contains(metric) || ByRevenue.Contains(metric) || ByCohort.Contains(metric);

    /// <returns>A page in order of customers' ids, and the cursor of the next.</returns>
    public static async Task<(IReadOnlyList<DifferingCustomer> Rows, string? NextCursor)> PageAsync(
        string metric, MetricRequest live, MetricRequest made, PageRequest page, CancellationToken ct)
    {
        var known = await ContributionsAsync(metric, live, page, ct);
        foreach (var (customer, hash) in (await ContributionsAsync(metric, made, page, ct)).Hashes)
        {
            if (known.Hashes.TryGetValue(customer, out var other) && other == hash) known.Hashes.Remove(customer);
            else known.Hashes[customer] = hash;
        }
        var ids = known.Hashes.Keys.Order(StringComparer.Ordinal).Take(page.Limit + 1).ToList();
        var rows = new List<DifferingCustomer>();
        foreach (var id in ids.Take(page.Limit)) rows.Add(new DifferingCustomer(id, await SideAsync(live, id, ct), await SideAsync(made, id, ct)));
        return (rows, ids.Count > page.Limit ? PageRequest.CursorAfter(rows[^1].Customer) : null);
    }

    private static async Task<Contributions> ContributionsAsync(string metric, MetricRequest request, PageRequest page, CancellationToken ct)
    {
        var question = request.Question;
        var folded = await request.Snapshot.FoldAsync(question with { GroupBy = null }, () => new Contributions(), (customer, found) =>
        {
            var id = Page<object>.IdOf(customer);
            if (page.After is { } after && string.CompareOrdinal(id, after) <= 0) return;
            var sum = new Sum(request.Bounds);
            if (ByActivity.Contains(metric)) CustomerRetention.Contribute(customer, question.Partition, sum);
            else if (ByRevenue.Contains(metric)) Revenue.Contribute(customer, question.Partition, sum);
            else Cohorts.Contribute(customer, question.Partition, sum);
            if (sum.Any) found.Hashes[id] = sum.Hash;
        }, ct);
        return folded.Single().Cells;
    }

    private static async Task<CustomerSide?> SideAsync(MetricRequest request, string id, CancellationToken ct)
    {
        if (await request.Snapshot.IdentityAsync(id, long.MaxValue, ct) is not { } joined) return null;
        var view = new CustomerView(joined.History, request.Question.Definition, request.Question.AsOf.Moment.UtcTicks);
        if (view.Orders.IsEmpty) return null;
        var today = request.Question.AsOf.Day;
        var (revenue, active) = (0L, false);
        foreach (var order in view.Orders) revenue += order.Net;
        foreach (var span in view.Spans) active |= span.ActiveAt(today);
        return new CustomerSide(view.Orders.Length, Currency.FromUnits(revenue, request.MoneyDigits), view.Orders[0].Day, active);
    }

    private sealed class Contributions : IMergeable<Contributions>
    {
        public Dictionary<string, long> Hashes { get; } = new(StringComparer.Ordinal);

        public void Add(Contributions others)
        {
            foreach (var (customer, hash) in others.Hashes) Hashes[customer] = hash;
        }
    }

    /// <summary>A sum of hashes, so that the order of contributions does not matter.</summary>
    /// <param name="periods">The first and the last period that counts.</param>
    private sealed class Sum((int First, int Last) periods) : ICells<ActivityCell, ActivityFlows>, ICells<int, RevenueCounts>, ICells<CohortCell, CohortCounts>
    {
        public long Hash { get; private set; }

        public bool Any { get; private set; }

        public void Add(ActivityCell key, ActivityFlows counts) => Add(key.Period, HashCode.Combine(key, counts));

        public void Add(int key, RevenueCounts counts) => Add(key, HashCode.Combine(key, counts));

        public void Add(CohortCell key, CohortCounts counts) => Add(key.Cohort, HashCode.Combine(key, counts));

        private void Add(int period, int hash)
        {
            if (period < periods.First || period > periods.Last) return;
            Hash = unchecked(Hash + hash * 0x9E3779B9L);
            Any = true;
        }
    }
}
