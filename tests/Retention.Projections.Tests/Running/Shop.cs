using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>A place with its projector, driven by hand: events are appended, reflected and asked about.</summary>
internal sealed class Shop(Place place)
{
    private readonly Projector projector = Projecting(place);
    private readonly Sealing sealing = new(new CustomerKeys(place));
    private readonly TenantSettings settings = new(new Log(place), TimeProvider.System);

    public Log Log { get; } = new(place);

    public Progress Progress { get; } = new(place, TimeProvider.System);

    public Tenants Tenants { get; } = new(place, new TenantSettings(new Log(place), TimeProvider.System));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task AppendAsync(string tenant, IEnumerable<Happening> happenings)
    {
        var events = await sealing.SealAsync(tenant, [.. happenings.Select(happening => happening.ToEnvelope())], Stop);
        (await Log.AppendAsync(tenant, events, AppendMode.AllOrNone, Stop)).ShouldAllBe(verdict => verdict is Appended.Stored);
    }

    /// <summary>What becomes of each happening, in order; conflicts and repeats leave the others alone.</summary>
    public async Task<IReadOnlyList<Appended>> SendAsync(string tenant, IEnumerable<Happening> happenings) =>
        await Log.AppendAsync(tenant, await SealAsync(tenant, happenings), AppendMode.KeepValid, Stop);

    public Task<IReadOnlyList<NewEvent>> SealAsync(string tenant, IEnumerable<Happening> happenings) =>
        sealing.SealAsync(tenant, [.. happenings.Select(happening => happening.ToEnvelope())], Stop);

    public async Task AppendAsync(string tenant, params Envelope[] envelopes) =>
        await Log.AppendAsync(tenant, await sealing.SealAsync(tenant, envelopes, Stop), AppendMode.AllOrNone, Stop);

    public Task ChooseAsync(string tenant, Choice choice) => SetAsync(tenant, $$$"""
        {"timeZone":"{{{choice.Zone}}}","weekStart":"{{{choice.WeekStart.ToString().ToLowerInvariant()}}}",
         "refunds":"{{{(choice.RefundsOnOwnDays ? "refund" : "order")}}}","activity":{"kind":"window","days":{{{choice.Window}}}}}
        """);

    public async Task SetAsync(string tenant, string request)
    {
        var faults = new List<Fault>();
        await settings.ChangeAsync(tenant, current => current.Settings.Merge(JsonElement.Parse(request), faults), Stop);
        faults.ShouldBeEmpty();
    }

    public Task<bool> AdvanceAsync(CancellationToken? ct = null) => projector.AdvanceAsync(ct ?? Stop);

    /// <summary>Reflects until there is nothing left that can be.</summary>
    public async Task ReflectAsync()
    {
        for (var batches = 0; await AdvanceAsync(); batches++) batches.ShouldBeLessThan(100, $"the projector finds no end: {string.Join(", ", await Progress.RowsAsync(Stop))}");
    }

    public async Task<IReadOnlyList<string>> LinesAsync(
        string tenant, Choice choice, DateTime asOf, Grain grain, bool maintained, long knownAt = long.MaxValue)
    {
        await using var snapshot = await Snapshot.OpenAsync(place, tenant, Stop);
        var question = Question(choice, asOf, grain) with { KnownAt = knownAt };
        (snapshot.Maintained(question) is not null).ShouldBe(maintained, $"as of {question.AsOf.Moment:O} with the latest fact at {new DateTime(snapshot.Reflection.LatestFact):O}");
        return [.. (await Served.FromAsync(snapshot, question, Columns, Stop)).Lines(question, Trial.Days, Columns)];
    }

    public const int Columns = 14;

    /// <summary>How many valid orders a tenant has by its cells, and how many events by its histories.</summary>
    public async Task<(long Orders, long Entries)> CountAsync(string tenant)
    {
        await using var snapshot = await Snapshot.OpenAsync(place, tenant, Stop);
        var question = Question(new Choice("UTC", DayOfWeek.Monday, 90, false), Trial.TheEnd, Grain.Year);
        var entries = await snapshot.FoldAsync(question, () => new DenseCells<AnswerCounts>(), (customer, facts) => facts.Add(
            0, new(customer.Orders.Length + customer.Invalid.Length + customer.Superseded.Length + customer.Others.Length)), Stop);
        var revenue = (await RevenueCells.ByPeriodAsync(snapshot, question, Stop)).Single().Cells;
        return (revenue.Values.Sum(counts => counts.Orders), entries.Single().Cells[0].Responses);
    }

    private static Projector Projecting(Place place) =>
        new(place, new Log(place), new SafePosition(place), new Progress(place, TimeProvider.System), NullLogger<Projector>.Instance);

    private static Question Question(Choice choice, DateTime asOf, Grain grain)
    {
        var definition = choice.ToDefinition();
        return new Question(definition, AsOf.In(definition.Calendar, new DateTimeOffset(asOf)), definition.By(grain));
    }
}
