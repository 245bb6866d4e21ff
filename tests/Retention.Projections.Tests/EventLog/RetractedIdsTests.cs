using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>What may be sent under the id of a retracted event, and what is a repeat of it.</summary>
public sealed class RetractedIdsTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private readonly string tenant = $"t{Guid.NewGuid():n}";
    private readonly Place place = fresh.Place;
    private readonly Log log = new(fresh.Place);
    private readonly Sealing sealing = new(new CustomerKeys(fresh.Place));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_id_of_a_retracted_event_can_be_sent_again_with_any_content_once(decimal amount)
    {
        await AppendAsync(Order("x", 1));
        await AppendAsync(Retraction("r", "x"));

        (await AppendAsync(Order("x", amount))).ShouldBe(["stored"]);

        (await AppendAsync(Order("x", amount))).ShouldBe(["duplicate"]);
        (await AppendAsync(Order("x", 3))).ShouldBe(["conflict"]);
        (await IdsAsync("x")).ShouldBe([EventId.Of(tenant, "shop", "x"), EventId.Of(tenant, "shop", "x", 1)]);
    }

    [Fact]
    public async Task Only_an_event_in_force_is_retracted_again()
    {
        await AppendAsync(Order("x", 1));
        (await AppendAsync(Retraction("r", "x"), Retraction("r", "x"), Retraction("again", "x"))).ShouldBe(["stored", "duplicate", "stored"]);
        await AppendAsync(Retraction("r", "x"));
        await AppendAsync(Retraction("once more", "x"));
        await AppendAsync(Order("x", 2));
        (await AppendAsync(Order("x", 3))).ShouldBe(["conflict"]);

        await AppendAsync(Retraction("late", "x"));

        (await AppendAsync(Order("x", 3))).ShouldBe(["stored"]);
        (await AppendAsync(Order("x", 4))).ShouldBe(["conflict"]);
        (await IdsAsync("x"))[^1].ShouldBe(EventId.Of(tenant, "shop", "x", 2));
    }

    [Fact]
    public async Task An_event_that_was_retracted_before_it_came_is_stored_under_its_own_id_and_then_anew()
    {
        await AppendAsync(Retraction("r", "x"), Retraction("r2", "x"));

        (await AppendAsync(Order("x", 1))).ShouldBe(["stored"]);
        (await AppendAsync(Order("x", 2))).ShouldBe(["stored"]);
        (await AppendAsync(Order("x", 3))).ShouldBe(["conflict"]);
        (await IdsAsync("x")).ShouldBe([EventId.Of(tenant, "shop", "x"), EventId.Of(tenant, "shop", "x", 1)]);
    }

    [Fact]
    public async Task A_batch_that_corrects_itself_is_stored_and_the_same_batch_again_changes_nothing()
    {
        Envelope[] batch = [Order("x", 1), Order("y", 1), Retraction("r", "x"), Order("x", 2), Retraction("r y", "y"), Order("z", 1)];

        (await AppendAsync(batch)).ShouldAllBe(verdict => verdict == "stored");

        (await AppendAsync(batch)).ShouldAllBe(verdict => verdict == "duplicate");
        (await place.LastNumberAsync()).ShouldBe(await place.ScalarAsync<long>("select max(seq_id) from {schema}.mt_events"));
        (await AppendAsync(Order("y", 1))).ShouldBe(["stored"]);
    }

    [Fact]
    public async Task A_late_repeat_of_what_was_retracted_is_a_repeat_while_something_else_is_in_force()
    {
        await AppendAsync(Order("x", 1));
        await AppendAsync(Retraction("r", "x"));
        await AppendAsync(Order("x", 2));

        (await AppendAsync(Order("x", 1))).ShouldBe(["duplicate"]);
    }

    [Fact]
    public async Task A_retraction_stands_for_ever()
    {
        await AppendAsync(Order("x", 1), Retraction("r", "x"), Retraction("of r", "r"));

        (await AppendAsync(Retraction("r", "x"))).ShouldBe(["duplicate"]);
        (await AppendAsync(Retraction("r", "y"))).ShouldBe(["conflict"]);
    }

    [Fact]
    public async Task A_batch_that_is_withheld_retracts_nothing()
    {
        await AppendAsync(Order("x", 1), Order("y", 1));

        var events = await sealing.SealAsync(tenant, [Retraction("r", "x"), Order("y", 2)], Stop);
        await log.AppendAsync(tenant, events, AppendMode.AllOrNone, Stop);

        (await AppendAsync(Order("x", 2))).ShouldBe(["conflict"]);
    }

    [Fact]
    public async Task Repeats_that_nobody_retracted_leave_no_trace()
    {
        await AppendAsync(Order("x", 1));
        await AppendAsync(Order("x", 1), Order("y", 1));

        (await place.ScalarAsync<long>($$"""select count(*) from {schema}.retracted_ids where tenant_id = '{{tenant}}'""")).ShouldBe(0);
    }

    [Fact]
    public async Task Free_text_of_an_event_that_was_sent_again_is_read()
    {
        Envelope Answer(string comment) =>
            Envelope.Of("shop", "a", "ann", Given.Noon, new CustomerEvent.FeedbackGiven("nps", 9, null, null, null, null, null, null, comment));
        await AppendAsync(Answer("first"), Retraction("r", "a"), Answer("second"));

        var opened = await sealing.OpenAsync(await log.ReadStreamAsync(tenant, "customer-ann", 1, Stop), personal: true, Stop);

        opened.Where(pair => pair.Sent.Id == "a").Select(pair => pair.Sent.Data.GetProperty("comment").GetString()).ShouldBe(["first", "second"]);
    }

    [Fact]
    public async Task Writers_that_send_and_retract_one_id_at_once_leave_a_log_that_counts_as_the_append_did()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async writer =>
        {
            var random = new Random(writer);
            for (var number = 0; number < 120; number++)
                await AppendAsync(random.Next(2) > 0 ? Order("x", number, $"c{writer}") : Retraction($"r{writer}-{number}", "x", $"c{writer}"));
        }));

        var (stored, retracted) = (0, 0);
        foreach (var next in (await log.ReadAsync(new LogRange(0, long.MaxValue, 1_000, Tenant: tenant), Stop)).Events)
        {
            if (next.Type == "event_retracted") retracted += retracted < Math.Max(1, stored) ? 1 : 0;
            else next.EventId.ShouldBe(EventId.Of(tenant, "shop", "x", stored++));
            retracted.ShouldBeInRange(stored - 1, Math.Max(1, stored));
        }
        stored.ShouldBeGreaterThan(5);
        (await place.ScalarAsync<int>($$"""select retractions from {schema}.retracted_ids where tenant_id = '{{tenant}}'""")).ShouldBe(retracted);
    }

    [Fact]
    public async Task A_retraction_waits_for_the_event_under_way_that_it_hits()
    {
        await AppendAsync(Order("x", 1), Retraction("r", "x"));
        await using var connection = await place.DataSource.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await new ForeignClient(place, tenant).AppendAsync(connection, "customer-theirs", new ForeignEvent("other", "{}", Id: EventId.Of(tenant, "shop", "x", 1)));
        var sending = AppendAsync(Order("x", 2));
        await WaitAsync(sending, blocked: 1);

        var retracting = AppendAsync(Retraction("late", "x"));
        await WaitAsync(retracting, blocked: 2);
        await transaction.RollbackAsync(Stop);

        (await sending).ShouldBe(["stored"]);
        (await retracting).ShouldBe(["stored"]);
        (await AppendAsync(Order("x", 3))).ShouldBe(["stored"]);
    }

    private static Envelope Order(string id, decimal amount, string customer = "ann") =>
        Envelope.Of("shop", id, customer, Given.Noon, new CustomerEvent.PurchaseRefunded("o", amount, null, null));

    private static Envelope Retraction(string id, string target, string customer = "bob") =>
        Envelope.Of("shop", id, customer, Given.Noon, new CustomerEvent.EventRetracted(target, null, null));

    private async Task<IEnumerable<string>> AppendAsync(params Envelope[] envelopes) =>
        (await log.AppendAsync(tenant, await sealing.SealAsync(tenant, envelopes, Stop), AppendMode.KeepValid, Stop))
            .Select(verdict => verdict.GetType().Name.ToLowerInvariant());

    /// <summary>The ids of the rows that are stored under a sender's id, in order of the log.</summary>
    private async Task<IReadOnlyList<Guid>> IdsAsync(string id) =>
        [.. (await log.ReadAsync(new LogRange(0, long.MaxValue, 1_000, Tenant: tenant), Stop)).Events
            .Where(stored => stored.Headers.Id == id).Select(stored => stored.EventId)];

    private async Task WaitAsync(Task append, int blocked)
    {
        const string waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while (!append.IsCompleted && await place.ScalarAsync<long>(waiting) < blocked) await Task.Yield();
    }
}
