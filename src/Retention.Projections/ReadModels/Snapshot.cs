using System.Collections.Concurrent;
using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.Security;

namespace Retention.Projections.ReadModels;

/// <summary>One consistent look at a tenant: everything read through it is of the same position.</summary>
public sealed class Snapshot : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private FoldScope? scope;

    private Snapshot(Place place, string tenant, NpgsqlConnection connection, NpgsqlTransaction transaction, Reflection reflection)
    {
        Place = place;
        Tenant = tenant;
        Latest = Reflection = reflection;
        this.connection = connection;
        this.transaction = transaction;
    }

    public Place Place { get; }

    public string Tenant { get; }

    /// <summary>What answers reflect: all that is projected, or what was known at the position that was rewound to.</summary>
    public Reflection Reflection { get; private set; }

    internal NpgsqlConnection Connection => connection;

    /// <summary>All that is projected.</summary>
    internal Reflection Latest { get; }

    public static async Task<Snapshot> OpenAsync(Place place, string tenant, CancellationToken ct)
    {
        var connection = await place.DataSource.OpenConnectionAsync(ct);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            return new Snapshot(place, tenant, connection, transaction, await Reflection.ReadAsync(connection, place, tenant, ct, alone: true));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>From here on, answers reflect what was known at a position, settings included.</summary>
    /// <returns>Whether anything was not known then; else nothing is changed.</returns>
    public async Task<bool> RewindAsync(long position, CancellationToken ct)
    {
        if (position >= Latest.Position) return false;
        Reflection = await EarlierReflection.AtAsync(this, position, ct);
        return true;
    }

    /// <summary>From here on, folds read other customers or suppose something else, and nothing is answered from maintained cells.</summary>
    public async Task NarrowAsync(FoldScope to, CancellationToken ct)
    {
        scope = to;
        if (to.Supposed is { } supposed)
            Reflection = await EarlierReflection.AtAsync(this, supposed.Known.HasFlag(Causes.Settings) ? supposed.To : supposed.From, ct);
        if (to.SettingsOf is { } other) Reflection = Reflection with { Settings = other(Reflection.Settings) };
    }

    /// <summary>The difference between two positions, with nothing of it supposed.</summary>
    public async Task<Supposition> BetweenAsync(long from, long to, CancellationToken ct)
    {
        var recordedAt = (await EarlierReflection.AtAsync(this, from, ct)).RecordedAt;
        return new Supposition(from, to, recordedAt?.UtcTicks ?? 0, Causes.None);
    }

    /// <summary>
    /// Hands on the customers whose record has changed between the positions of a supposition, and whoever was ever merged: as the customers that
    /// they are supposed to be, with all entries and their names, whether or not these are supposed to be known.
    /// </summary>
    public Task EntriesAsync(Supposition supposed, Action<string, IReadOnlyList<Entry>> take, CancellationToken ct)
    {
        var definition = Latest.Settings.ToDefinition();
        var question = new Question(definition, AsOf.In(definition.Calendar, DateTimeOffset.UnixEpoch), definition.By(Grain.Month));
        return new ScopedFold(this, new FoldScope { Supposed = supposed, OnlyChanged = true }, question).EntriesAsync(take, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    /// <summary>
    /// The maintained cells that answer a question: they were made by its definition and grain, and no fact lies at or after its moment.
    /// Null where a fold does.
    /// </summary>
    internal MaintainedSlices? Maintained(Question question) =>
        question.Partition is Partition.ByGrain { Grain: var grain }
        && question.KnownAt == long.MaxValue && ReferenceEquals(Reflection, Latest) && scope is null
        && MaintainedCells.Grains.Contains(grain)
        && MaintainedCells.KeyOf(question.Definition) == Reflection.MaintainedBy
        && Reflection.LatestFact < question.AsOf.Moment.UtcTicks
            ? MaintainedSlices.Of(question)
            : null;

    /// <summary>
    /// Folds the customers of the tenant that the question selects, as of its moment, into cells for each group.
    /// </summary>
    /// <param name="empty">Makes cells without contributions.</param>
    /// <param name="contribute">Adds what one customer contributes; called for different cells at the same time.</param>
    /// <returns>One item without grouping; else one for each value of the dimension that a customer has, null among them.</returns>
    public async Task<IReadOnlyList<Group<TCells>>> FoldAsync<TCells>(
        Question question, Func<TCells> empty, Action<CustomerView, TCells> contribute, CancellationToken ct)
        where TCells : IMergeable<TCells>
    {
        using var turn = await Place.Turns.TakeAsync(Tenant, ct);
        using var timed = new TimedFold(Tenant);
        if (question.ReadsPersonal) question = question with { Open = await OpenerAsync(null, ct) };
        var narrowed = question.Only is { } only ? (scope ?? new FoldScope()) with { Only = only } : scope;
        if (narrowed is not null) return await new ScopedFold(this, question.OfEverybody ? narrowed.OfEverybody : narrowed, question).FoldAsync(empty, contribute, ct);
        var folds = new ConcurrentBag<Fold<TCells>>();
        // A copy may hold later facts than this look at the tenant.
        var known = question with { KnownAt = Math.Min(question.KnownAt, Reflection.Position) };
        // Customers that are one are seen as one; apart, none of them is.
        var joined = await JoinedCustomers.JoinedAsync(connection, Place, (Tenant, known.KnownAt), null, ct);
        var members = joined.SelectMany(customer => customer.Members).ToHashSet(StringComparer.Ordinal);
        if (question.ReadsStore)
        {
            var view = known.View();
            var one = new Fold<TCells>(known, empty, contribute);
            folds.Add(one);
            await foreach (var (customer, history) in CustomerHistories.AllAsync(connection, Place, Tenant, details: true, ct))
                if (!members.Contains(customer)) one.Add(view.Look(Columns.Of((customer, history.Entries)), 0));
        }
        else
            await Place.Copies.ReadAsync(this, connection, part =>
            {
                var one = new Fold<TCells>(known, empty, contribute);
                FoldInto(one, part, members, known.View());
                folds.Add(one);
            }, ct);
        var fold = new Fold<TCells>(question, empty, contribute);
        foreach (var part in folds) fold.Add(part);
        var joinedView = known.View();
        foreach (var customer in joined) fold.Add(joinedView.Look(Columns.Of((customer.Id, customer.History.Entries)), 0));
        return fold.Groups();
    }

    private static void FoldInto<TCells>(Fold<TCells> fold, HistoryPart part, HashSet<string> joined, CustomerView view)
        where TCells : IMergeable<TCells>
    {
        for (var customer = 0; customer < part.Columns.Count; customer++)
        {
            if (part.Holds(customer) && (joined.Count == 0 || !joined.Contains(part.Columns.IdOf(customer)))) fold.Add(view.Look(part.Columns, customer));
        }
    }

    /// <summary>The rows of a query over read models; <c>$1</c> is the tenant, <c>{schema}</c> the place's schema.</summary>
    internal async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        string sql, IReadOnlyList<object> parameters, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Place.Qualify(sql), connection, transaction);
        command.Parameters.AddWithValue(Tenant);
        foreach (var parameter in parameters)
        {
            if (parameter is NpgsqlParameter typed) command.Parameters.Add(typed);
            else command.Parameters.AddWithValue(parameter);
        }
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) yield return reader;
    }

    /// <summary>What a reading of the log finds, which the tenant's role may not see.</summary>
    internal async Task<T> OfLogAsync<T>(Func<Task<T>> read, CancellationToken ct)
    {
        await TenantRole.LeaveAsync(connection, Place, ct);
        var found = await read();
        await TenantRole.EnterAsync(connection, Place, Tenant, ct);
        return found;
    }

    /// <summary>The rows of a query, one by one, as <see cref="RowsAsync"/> gives them.</summary>
    public IAsyncEnumerable<NpgsqlDataReader> ExportAsync(string sql, CancellationToken ct) => RowsAsync(sql, [], ct);

    public Task<CustomerHistory?> CustomerAsync(string customer, CancellationToken ct) =>
        CustomerHistories.OneAsync(connection, Place, (Tenant, customer), ct);

    /// <summary>Opens personal attributes of some customers, or of all, see <see cref="CustomerView.Open"/>.</summary>
    public Task<Func<string, string, string?>> OpenerAsync(IReadOnlyCollection<string>? customers, CancellationToken ct) =>
        new CustomerKeys(Place.Live).OpenerAsync(Tenant, customers, ct);

    /// <summary>Customers by the ids that they go by, with whomever each is merged; those of whom nothing is stored are left out.</summary>
    /// <param name="knownAt">The log position as of which the record is read.</param>
    public Task<IReadOnlyDictionary<string, JoinedCustomer>> IdentitiesAsync(IEnumerable<string> customers, long knownAt, CancellationToken ct) =>
        JoinedCustomers.OfAsync(connection, Place, (Tenant, [.. customers], knownAt), ct);

    /// <summary>The customer that an id is of, with whomever it is merged; null where nothing is known of it.</summary>
    /// <param name="knownAt">The log position as of which the record is read.</param>
    public Task<JoinedCustomer?> IdentityAsync(string customer, long knownAt, CancellationToken ct) =>
        JoinedCustomers.OneAsync(connection, Place, (Tenant, customer, knownAt), ct);
}
