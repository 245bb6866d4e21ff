using Npgsql;
using Retention.Projections.EventLog;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>Small requests share transactions, and nothing but transactions.</summary>
public sealed class GroupCommitTests(FreshPlace fresh) : IClassFixture<FreshPlace>, IAsyncDisposable
{
    private readonly string tenant = $"t{Guid.NewGuid():n}";
    private readonly Place place = fresh.Place;
    private readonly GroupCommit commits = new(new Log(fresh.Place));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => commits.DisposeAsync();

    [Fact]
    public async Task Each_of_many_callers_is_answered_by_its_own_verdict()
    {
        var calls = Enumerable.Range(0, 300).Select(number => AppendAsync(Event($"c{number % 200 % 11}", $"e{number % 200}"))).ToArray();
        var verdicts = await Task.WhenAll(calls);

        verdicts.Count(verdict => verdict is Appended.Stored).ShouldBe(200);
        verdicts.Count(verdict => verdict is Appended.Duplicate).ShouldBe(100);
        for (var number = 200; number < 300; number++)
            PositionOf(verdicts[number]).ShouldBe(PositionOf(verdicts[number - 200]), $"the repeat of e{number - 200}");
        foreach (var verdict in verdicts.OfType<Appended.Stored>())
            (await place.ScalarAsync<long>($"select count(*) from {{schema}}.mt_events where seq_id = {verdict.Position}")).ShouldBe(1);
    }

    [Fact]
    public async Task What_one_request_is_refused_for_does_not_hold_up_the_others()
    {
        var broken = Event("a", "broken") with { Data = "no json"u8.ToArray() };
        var calls = Enumerable.Range(0, 40).Select(number => AppendAsync(Event("a", $"e{number}"))).ToList();
        var refused = AppendAsync(broken);
        calls.AddRange(Enumerable.Range(40, 40).Select(number => AppendAsync(Event("a", $"e{number}"))));

        (await Task.WhenAll(calls)).ShouldAllBe(verdict => verdict is Appended.Stored);
        (await Should.ThrowAsync<PostgresException>(() => refused)).SqlState.ShouldBe(PostgresErrorCodes.InvalidTextRepresentation);
    }

    [Fact]
    public async Task What_is_one_transaction_of_many_leaves_few_transaction_ids()
    {
        var calls = Enumerable.Range(0, 500).Select(number => AppendAsync(Event($"c{number}", $"e{number}"))).ToArray();
        await Task.WhenAll(calls);

        (await place.ScalarAsync<long>($$"""select count(distinct xmin::text) from {schema}.mt_events where tenant_id = '{{tenant}}'""")).ShouldBeLessThan(100);
    }

    [Fact]
    public async Task More_requests_than_may_wait_are_refused_at_once_and_nothing_of_them_is_stored()
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(Stop);
        await AppendAsync(Event("held", "first"));
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await using (var hold = new NpgsqlCommand(place.Qualify("select from {schema}.mt_streams where tenant_id = $1 for update"), connection))
        {
            hold.Parameters.AddWithValue(tenant);
            await hold.ExecuteNonQueryAsync(Stop);
        }
        var waiting = new List<Task<Appended>>();
        var refused = 0;
        for (var number = 0; refused == 0 && number < 4 * GroupCommit.MostWaiting; number++)
        {
            try
            {
                waiting.Add(AppendAsync(Event("held", $"w{number}")));
                if (waiting[^1].IsFaulted) await waiting[^1];
            }
            catch (TooManyWaitingException)
            {
                waiting.RemoveAll(call => call.IsFaulted);
                refused++;
            }
        }
        refused.ShouldBe(1);
        waiting.Count.ShouldBeGreaterThanOrEqualTo(GroupCommit.MostWaiting);
        await transaction.RollbackAsync(Stop);

        (await Task.WhenAll(waiting)).ShouldAllBe(verdict => verdict is Appended.Stored);
        (await place.ScalarAsync<long>($$"""select count(*) from {schema}.mt_events where tenant_id = '{{tenant}}'""")).ShouldBe(waiting.Count + 1);
    }

    private static long PositionOf(Appended verdict) => verdict switch
    {
        Appended.Stored stored => stored.Position,
        Appended.Duplicate duplicate => duplicate.Position,
        _ => 0,
    };

    private async Task<Appended> AppendAsync(NewEvent next) => (await commits.AppendAsync(tenant, [next], AppendMode.KeepValid, Stop))[0];

    private NewEvent Event(string customer, string id) => Given.Event(tenant, customer, id);
}
