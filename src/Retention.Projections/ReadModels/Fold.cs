using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>What the customers of one group contribute.</summary>
/// <param name="Value">The group's value of the dimension; null for customers without one, and for everybody where nothing is grouped by.</param>
public sealed record Group<TCells>(string? Value, TCells Cells);

/// <summary>Adds up what customers contribute to a question, group by group; the parts of several cores merge.</summary>
internal sealed class Fold<TCells>(Question question, Func<TCells> empty, Action<CustomerView, TCells> contribute)
    where TCells : IMergeable<TCells>
{
    private readonly Dictionary<string, TCells> groups = new(StringComparer.Ordinal);
    private TCells? nameless;

    public void Add(CustomerView customer)
    {
        if (customer.IsUnknown || !question.Selection.Includes(customer)) return;
        contribute(customer, CellsOf(question.GroupBy is { } dimension ? customer.DimensionOf(dimension) : null));
    }

    public void Add(Fold<TCells> other)
    {
        if (other.nameless is { } theirs) CellsOf(null).Add(theirs);
        foreach (var (value, cells) in other.groups) CellsOf(value).Add(cells);
    }

    public IReadOnlyList<Group<TCells>> Groups()
    {
        var named = groups.OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new Group<TCells>(group.Key, group.Value)).ToList();
        if (question.GroupBy is null || nameless is not null) named.Add(new Group<TCells>(null, nameless ?? empty()));
        return named;
    }

    private TCells CellsOf(string? value)
    {
        if (value is null) return nameless ??= empty();
        if (!groups.TryGetValue(value, out var cells)) groups[value] = cells = empty();
        return cells;
    }
}
