using Retention.Api.Customers;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>Finds the customers behind a cell, in order of ids.</summary>
internal static class LineageSearch
{
    /// <summary>Customers are looked at in growing batches, so that few in a large tenant are found soon.</summary>
    private const int FirstBatch = 500;

    private const int LargestBatch = 32_000;

    /// <summary>The next customers of a role with what they add, and whether there are more.</summary>
    /// <param name="look">At the cell's position.</param>
    public static async Task<(List<(string Customer, IReadOnlyDictionary<string, decimal?> Figures)> Found, bool More)> FindAsync(
        HttpContext http, LineageCell cell, Snapshot look, LineageRequest asked)
    {
        var found = new List<(string, IReadOnlyDictionary<string, decimal?>)>();
        var question = new Question(cell.Definition, AsOf.In(cell.Definition.Calendar, cell.AsOf), cell.Definition.By(Grain.Month)) { KnownAt = cell.Position };
        // Who is excluded may be anybody.
        Func<CustomerView, bool> reaches = asked.Role == LineageRequest.Excluded ? _ => true : LineageReach.Of(cell).Includes;
        var (after, batch) = (asked.Cursor?.After, FirstBatch);
        while (true)
        {
            var page = new PageRequest(after, batch);
            var folded = await look.FoldAsync(question, () => new Page<string>(page), (customer, ids) =>
            {
                if (ids.Wants(customer) && reaches(customer)) ids.Add(customer, Page<string>.IdOf(customer));
            }, http.RequestAborted);
            var (ids, next) = folded.Single().Cells.Take();
            var added = await cell.EachAsync(http, new FoldScope { Only = ids.ToHashSet(StringComparer.Ordinal) });
            foreach (var id in ids)
            {
                var figures = added.GetValueOrDefault(id) ?? new Dictionary<string, decimal?>();
                if (!Has(cell, figures, asked.Role)) continue;
                if (found.Count == asked.Limit) return (found, true);
                found.Add((id, figures));
            }
            if (next is null) return (found, false);
            (after, batch) = (ids[^1], Math.Min(batch * 2, LargestBatch));
        }
    }

    /// <summary>One customer with what it adds, under the id that it goes by.</summary>
    /// <exception cref="ProblemException">404 for one of whom nothing is known.</exception>
    public static async Task<(string Customer, IReadOnlyDictionary<string, decimal?> Figures)> OneAsync(HttpContext http, LineageCell cell, Snapshot look, string customer)
    {
        var joined = await look.IdentityAsync(customer, cell.Position, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {customer}, or no event of it is reflected yet.");
        var added = await cell.EachAsync(http, new FoldScope { Only = new HashSet<string>([joined.Id], StringComparer.Ordinal) });
        return (joined.Id, added.GetValueOrDefault(joined.Id) ?? new Dictionary<string, decimal?>());
    }

    private static bool Has(LineageCell cell, IReadOnlyDictionary<string, decimal?> figures, string role) => role switch
    {
        "numerator" => cell.Share.NumeratorOf(figures) != 0,
        "denominator" => cell.Share.DenominatorOf(figures) != 0,
        LineageRequest.Excluded => cell.Share.DenominatorOf(figures) == 0,
        _ => cell.Added(figures).Count > 0,
    };
}
