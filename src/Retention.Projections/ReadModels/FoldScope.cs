using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Whose facts folds of a snapshot read instead of everybody's, and what of them is supposed to be known.</summary>
public sealed record FoldScope
{
    /// <summary>What is supposed to be known; null for what is.</summary>
    public Supposition? Supposed { get; init; }

    /// <summary>The settings that are supposed to hold, for those that are known; null for these.</summary>
    public Func<Settings, Settings>? SettingsOf { get; init; }

    /// <summary>Whether only customers are read whose record has changed between the positions of <see cref="Supposed"/>.</summary>
    public bool OnlyChanged { get; init; }

    /// <summary>The customers that are read, by the ids that they go by; null for all.</summary>
    public IReadOnlySet<string>? Only { get; init; }

    /// <summary>Histories that are read in place of those that are stored, by made-up ids; null for none.</summary>
    public IReadOnlyList<(string Id, IReadOnlyList<Entry> Entries)>? Instead { get; init; }

    /// <summary>A dimension and the value that customers have who are read; null for whatever value.</summary>
    public (string Dimension, string? Value)? Group { get; init; }

    /// <summary>
    /// A dimension that answers or complaints have of their own, and the value of those that count; null for all. Metrics that group by it heed it.
    /// </summary>
    public (string Dimension, string? Value)? Own { get; init; }

    /// <summary>Whether each customer is a group of its own, see <see cref="CustomerView.Itself"/>.</summary>
    public bool EachCustomer { get; init; }

    /// <summary>Whether a list is answered whole, and not by pages.</summary>
    public bool WholeList { get; init; }

    /// <summary>Whether rows of few responses are answered like all others.</summary>
    public bool ShowsFew { get; init; }

    /// <summary>The same record, and all customers in it.</summary>
    internal FoldScope OfEverybody => this with { OnlyChanged = false, Only = null, Instead = null, Group = null, EachCustomer = false };
}

/// <summary>Folds over the customers of a scope.</summary>
internal sealed class ScopedFold(Snapshot snapshot, FoldScope scope, Question question)
{
    /// <summary>So many histories are read from the store at a time, however many have changed.</summary>
    private const int AtOnce = 5_000;

    private readonly Question known = question with { KnownAt = scope.Supposed?.To ?? Math.Min(question.KnownAt, snapshot.Reflection.Position) };

    public async Task<IReadOnlyList<Group<TCells>>> FoldAsync<TCells>(Func<TCells> empty, Action<CustomerView, TCells> contribute, CancellationToken ct)
        where TCells : IMergeable<TCells>
    {
        var folds = new ConcurrentBag<Fold<TCells>>();
        var whole = NewFold();
        var wholeView = known.View();
        await ReadAsync(
            () =>
            {
                var (fold, view) = (NewFold(), known.View());
                folds.Add(fold);
                return (columns, customer) => Add(fold, view.Look(columns, customer));
            },
            (id, entries) => Add(whole, wholeView.Look(Columns.Of((id, scope.Supposed?.Of(entries) ?? entries)), 0)), ct);
        foreach (var fold in folds) whole.Add(fold);
        return whole.Groups();

        Fold<TCells> NewFold() => new(question, empty, contribute);

        void Add(Fold<TCells> fold, CustomerView customer)
        {
            if (scope.Group is not var (dimension, value) || customer.DimensionOf(dimension) == value) fold.Add(customer);
        }
    }

    /// <summary>Hands on the customers that are not read from memory, with all their entries, also those that are not supposed to be known.</summary>
    public Task EntriesAsync(Action<string, IReadOnlyList<Entry>> take, CancellationToken ct) => ReadAsync(() => (_, _) => { }, take, ct);

    /// <param name="sinks">Takes customers as they are in memory; called once for each part of them, which may be at the same time.</param>
    /// <param name="apart">Takes customers with their entries, one after the other.</param>
    private async Task ReadAsync(Func<Action<Columns, int>> sinks, Action<string, IReadOnlyList<Entry>> apart, CancellationToken ct)
    {
        if (scope.Instead is { } made)
        {
            foreach (var (id, entries) in made) apart(id, entries);
            return;
        }
        var joined = await JoinedCustomers.JoinedAsync(snapshot.Connection, snapshot.Place, (snapshot.Tenant, known.KnownAt), scope.Supposed, ct);
        var members = joined.SelectMany(customer => customer.Members).ToHashSet(StringComparer.Ordinal);
        // Whoever was or is merged has changed with the others, also where nothing of its own has.
        var linked = scope.OnlyChanged
            ? (await CustomerLinks.AllAsync(snapshot.Connection, snapshot.Place, snapshot.Tenant, ct)).SelectMany(link => (string[])[link.Customer, link.Into]).ToHashSet(StringComparer.Ordinal)
            : [];
        var changed = new ConcurrentBag<string>();
        if (question.ReadsStore)
        {
            var sink = sinks();
            await foreach (var (customer, history) in DetailedAsync(ct)) Take(sink, Columns.Of((customer, history.Entries)), 0);
        }
        else
            await snapshot.Place.Copies.ReadAsync(snapshot, snapshot.Connection, part =>
            {
                var sink = sinks();
                for (var customer = 0; customer < part.Columns.Count; customer++)
                {
                    if (part.Holds(customer)) Take(sink, part.Columns, customer);
                }
            }, ct);
        foreach (var some in changed.Chunk(AtOnce))
        {
            var histories = await CustomerHistories.OfAsync(snapshot.Connection, snapshot.Place, (snapshot.Tenant, some), ct);
            foreach (var (customer, history) in histories) apart(customer, [.. history.Entries]);
        }
        foreach (var customer in joined.Where(customer => scope.Only?.Contains(customer.Id) != false)) apart(customer.Id, [.. customer.History.Entries]);

        void Take(Action<Columns, int> sink, Columns columns, int customer)
        {
            var id = columns.IdOf(customer);
            if ((members.Count > 0 && members.Contains(id)) || scope.Only?.Contains(id) == false) return;
            if (scope.Supposed is { } supposed && (linked.Contains(id) || Changes(columns, customer, supposed))) changed.Add(id);
            else if (!scope.OnlyChanged) sink(columns, customer);
        }
    }

    /// <summary>Histories with lines and codes, which memory does not hold.</summary>
    private async IAsyncEnumerable<(string Customer, CustomerHistory History)> DetailedAsync([EnumeratorCancellation] CancellationToken ct)
    {
        if (scope.Only is null)
        {
            await foreach (var each in CustomerHistories.AllAsync(snapshot.Connection, snapshot.Place, snapshot.Tenant, details: true, ct)) yield return each;
            yield break;
        }
        foreach (var some in scope.Only.Chunk(AtOnce))
            foreach (var (customer, history) in await CustomerHistories.OfAsync(snapshot.Connection, snapshot.Place, (snapshot.Tenant, some), ct)) yield return (customer, history);
    }

    private static bool Changes(Columns columns, int customer, Supposition supposed)
    {
        var (from, to) = columns.PurchasesOf(customer);
        for (var row = from; row < to; row++)
        {
            if (columns.Purchases.IsKnown(row, supposed.From) != columns.Purchases.IsKnown(row, supposed.To)) return true;
        }
        (from, to) = columns.OthersOf(customer);
        for (var row = from; row < to; row++)
        {
            if (columns.IsOtherKnown(row, supposed.From) != columns.IsOtherKnown(row, supposed.To)) return true;
        }
        return false;
    }
}
