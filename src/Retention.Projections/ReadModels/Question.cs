using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Projections.ReadModels;

/// <summary>What is asked of a tenant's facts: by which definition, as of when, cut into which periods.</summary>
public sealed record Question(Definition Definition, AsOf AsOf, Partition Partition)
{
    /// <summary>Whose facts count.</summary>
    public Selection Selection { get; init; } = Selection.Everybody;

    /// <summary>The dimension that customers are grouped by, see <see cref="CustomerView.DimensionOf"/>; null for one group of all.</summary>
    public string? GroupBy { get; init; }

    /// <summary>Whether what is folded reads lines and codes of orders, besides what <see cref="Selection"/> names.</summary>
    public bool Details { get; init; }

    /// <summary>Whether what is folded reads personal attributes, besides those that <see cref="Selection"/> names.</summary>
    public bool Personal { get; init; }

    /// <summary>
    /// Whether everybody is folded, whatever customers a look is narrowed to: for what one customer is measured by, such as quantiles.
    /// </summary>
    public bool OfEverybody { get; init; }

    /// <summary>The customers that are folded, by the ids that they go by; null for all. Lines and codes are read of these alone.</summary>
    public IReadOnlySet<string>? Only { get; init; }

    /// <summary>The log position as of which the record is read.</summary>
    public long KnownAt { get; init; } = long.MaxValue;

    /// <summary>The same of everybody's facts, in one group.</summary>
    public Question OfEverybodyAlike => this with { Selection = Selection.Everybody, GroupBy = null };

    /// <summary>See <see cref="CustomerView.Open"/>; null where nothing personal is read.</summary>
    internal Func<string, string, string?>? Open { get; init; }

    /// <summary>Whether histories are read from the store, since memory does not hold all that is asked for.</summary>
    internal bool ReadsStore => Details || Personal || Selection.NamesDetails;

    internal bool ReadsPersonal => Personal || Selection.PersonalNames.Any();

    internal CustomerView View() => new(Definition, AsOf.Moment.UtcTicks, KnownAt) { Open = Open };

    /// <summary>The stored name of the partition's grain.</summary>
    internal string GrainName => GrainNames.Of(((Partition.ByGrain)Partition).Grain);
}
