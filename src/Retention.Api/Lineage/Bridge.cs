using System.Text.Json.Serialization;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;

namespace Retention.Api.Lineage;

/// <summary>A figure at two positions and the steps between them, in order: <c>before</c> and all steps sum to <c>after</c>, exactly.</summary>
/// <param name="Before">As of the earlier position; null where the figure was not known.</param>
/// <param name="Steps">By cause, in order; null where before or after is.</param>
/// <param name="Part">The outcome or reason that the row is of; null where a period and group has one row.</param>
public sealed record BridgeRow(
    string Period, string? Group, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Part, string Figure, decimal? Before,
    Dictionary<string, decimal?> Steps, decimal? After);

/// <summary>Where a bridge begins.</summary>
internal sealed record BridgeStart(long Position, DateTimeOffset AsOf)
{
    /// <summary>The replay whose figures they are; null for those that the question asks for.</summary>
    public Replay? Replay { get; init; }
}

/// <summary>
/// Why figures are others than they were. The record of the earlier position is brought to that of the later one cause by cause, in the
/// order of <see cref="Order"/>, and a cause's step is what its events change in the record as it is by then. So the steps of a figure sum
/// exactly, whatever figure it is, and a cause that comes later in the order is credited with what it does to the events of those before it.
/// </summary>
internal sealed record Bridge(IReadOnlyList<BridgeRow> Rows, IReadOnlyDictionary<string, long> Events)
{
    /// <summary>Causes in order, after that of time, which is in the first step.</summary>
    public static IReadOnlyList<Causes> Order { get; } =
        [Causes.New, Causes.Late, Causes.Corrections, Causes.Refunds, Causes.Merges, Causes.Retractions, Causes.Settings];

    private const string Time = "time";

    /// <summary>The names of all steps, in order.</summary>
    public static IReadOnlyList<string> Steps { get; } = [Time, .. Order.Select(NameOf)];

    /// <param name="question">With the periods whose rows are wanted; its knowledge and moment are those given.</param>
    /// <param name="after">The answer at the later position.</param>
    public static async Task<Bridge> BuildAsync(
        HttpContext http, Snapshot snapshot, MetricQuestion question, BridgeStart from, (long Position, DateTimeOffset AsOf, IReadOnlyList<AnswerRow> Rows) after)
    {
        var between = await snapshot.BetweenAsync(from.Position, after.Position, http.RequestAborted);
        var counts = new Dictionary<Causes, long>();
        await snapshot.EntriesAsync(between with { Known = Causes.All }, (_, entries) => between.Count(entries, counts), http.RequestAborted);

        // A replay's settings stay until the step of settings.
        var earlier = from.Replay is null ? question : question.With("replay", from.Replay.Name);
        Func<Settings, Settings>? settingsOf = from.Replay is null ? null : settings => Projections.Replays.Replays.With(settings, from.Replay.Asked.Settings);
        var worlds = new List<(string Cause, IReadOnlyList<AnswerRow> Rows)> { ("", await AskAsync(earlier, from.Position, from.AsOf, null)) };
        worlds.Add((Time, from.AsOf == after.AsOf ? worlds[0].Rows : await AskAsync(earlier, from.Position, after.AsOf, null)));
        var known = Causes.None;
        foreach (var cause in Order.SkipLast(1))
        {
            known |= cause;
            var rows = counts.ContainsKey(cause)
                ? await AskAsync(question, null, after.AsOf, new FoldScope { Supposed = between with { Known = known }, SettingsOf = settingsOf })
                : worlds[^1].Rows;
            worlds.Add((NameOf(cause), rows));
        }
        worlds.Add((NameOf(Causes.Settings), after.Rows));
        var nobody = (await AskAsync(question.With("groupBy", null), 0, after.AsOf, null)).ToLookup(row => (row.Period, row.Part));
        return new(RowsOf(question.Metric, worlds, nobody), Order.SkipLast(1).ToDictionary(NameOf, cause => counts.GetValueOrDefault(cause)));

        async Task<IReadOnlyList<AnswerRow>> AskAsync(MetricQuestion asked, long? knownAt, DateTimeOffset asOf, FoldScope? scope) => AnswerRows.Of(
            await asked.With("knownAt", knownAt?.ToString(System.Globalization.CultureInfo.InvariantCulture)).With("asOf", Timestamp.Format(asOf)).AskAsync(http, scope));
    }

    private static string NameOf(Causes cause) => cause.ToString().ToLowerInvariant();

    private static List<BridgeRow> RowsOf(CatalogueEntry metric, List<(string Cause, IReadOnlyList<AnswerRow> Rows)> worlds, ILookup<(string, string?), AnswerRow> nobody)
    {
        var byKey = worlds.ConvertAll(world => world.Rows.ToDictionary(row => row.Key));
        return
        [
            .. from key in worlds.SelectMany(world => world.Rows).Select(row => row.Key).Distinct()
               let names = byKey.Select(rows => rows.GetValueOrDefault(key)).OfType<AnswerRow>().SelectMany(row => row.Figures.Keys).Distinct()
               from name in names
               select RowOf(key, name, worlds.ConvertAll(world => world.Cause), byKey.ConvertAll(rows => ValueOf(rows.GetValueOrDefault(key), key, name))),
        ];

        // A group that nobody is in has the figures of nobody; its sums are 0 and its rates unknown.
        decimal? ValueOf(AnswerRow? row, (string Period, string? Group, string? Part) key, string name) =>
            row is not null ? row.Figures.TryGetValue(name, out var value) ? value : IsZero(name) ? 0 : null
            : nobody[(key.Period, key.Part)].FirstOrDefault() is { } empty && empty.Figures.TryGetValue(name, out var none) ? none
            : IsZero(name) ? 0 : null;

        bool IsZero(string name) => AnswerRows.IsSum(metric, name);
    }

    /// <summary>A world in which the figure is not known has no step; the next one in which it is has both.</summary>
    private static BridgeRow RowOf((string Period, string? Group, string? Part) key, string figure, List<string> causes, List<decimal?> values)
    {
        var (steps, last, known) = (new Dictionary<string, decimal?>(), values[0], values[0] is not null && values[^1] is not null);
        for (var i = 1; i < values.Count; i++)
        {
            steps[causes[i]] = known ? (values[i] ?? last) - last : null;
            last = values[i] ?? last;
        }
        return new(key.Period, key.Group, key.Part, figure, values[0], steps, values[^1]);
    }
}
