using FsCheck.Fluent;
using Retention.Projections.PersonalData;
using Retention.Projections.Replays;

namespace Retention.Projections.Tests;

/// <summary>Read models that are made anew after an erasure are those that the erasure left.</summary>
public sealed class ErasedLogTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task What_an_erased_customer_retracted_of_another_stays_retracted_when_all_is_made_anew()
    {
        await Shop.SendAsync("t", [
            new("ann", Trial.Start.AddDays(1), "shop", "1", What.Bought, "o1", 10), new("ann", Trial.Start.AddDays(2), "shop", "2", What.Bought, "o2", 10),
            new("bob", Trial.Start.AddDays(1), "shop", "3", What.Bought, "o3", 10), new("bob", Trial.Start.AddDays(3), "shop", "4", What.Retracted, "shop/1"),
            new("bob", Trial.Start.AddDays(3), "shop", "5", What.Retracted, "shop/3"), new("bob", Trial.Start.AddDays(3), "shop", "6", What.Retracted, "shop/9")]);
        await Shop.ReflectAsync();

        await EraseAsync("t", "bob");
        await Shop.SendAsync("t", [new("ann", Trial.Start.AddDays(4), "shop", "9", What.Bought, "o9", 10), new("ann", Trial.Start.AddDays(5), "shop", "10", What.Bought, "o10", 10)]);
        await Shop.ReflectAsync();

        (await Shop.CountAsync("t")).Orders.ShouldBe(2, "o2 and o10: the retraction of o9 was sent before it");
        await MadeAnewIsTheSameAsync();
    }

    [Fact]
    public async Task Whoever_is_erased_whatever_was_sent_all_made_anew_is_the_same()
    {
        foreach (var (number, trial) in CorrectedTrial.Any.Generator.Sample(3, 200).Index())
        {
            var tenant = $"t{number}";
            await Shop.ChooseAsync(tenant, trial.Choice);
            var batches = trial.Batches().ToList();
            var customers = batches.SelectMany(batch => batch).Select(happening => happening.Customer).Distinct().Order(StringComparer.Ordinal).ToList();
            foreach (var batch in batches)
            {
                await Shop.SendAsync(tenant, batch);
                await Shop.AdvanceAsync();
            }
            await Shop.ReflectAsync();
            foreach (var customer in customers.Where((_, index) => index % 3 == number % 3)) await EraseAsync(tenant, customer);
            await Shop.SendAsync(tenant, [new("late", Trial.TheEnd.AddDays(-1), "late shop", "late", What.Bought, "late", 10)]);
        }
        await Shop.ReflectAsync();

        await MadeAnewIsTheSameAsync();
    }

    private Task<ErasedCustomer?> EraseAsync(string tenant, string customer) => new Erasure(fresh.Place).EraseAsync(tenant, customer, Stop);

    /// <summary>
    /// Histories, links, cells and counts of retractions. The latest fact of an erased customer stays the tenant's, which only makes fewer answers
    /// come from cells.
    /// </summary>
    private async Task MadeAnewIsTheSameAsync()
    {
        await using var built = await Stored.BuiltAsync(fresh.Place, new ReplayPlan(null, long.MaxValue));
        var live = await new Stored(fresh.Place).LinesAsync();
        live.Count.ShouldBeGreaterThan(5);
        var (anew, left) = ((await built.LinesAsync()).Where(Compared).ToList(), live.Where(Compared).ToList());
        (string.Join("\n", anew.Except(left).Take(5)), string.Join("\n", left.Except(anew).Take(5))).ShouldBe(("", ""), "only anew, only left");
        anew.ShouldBe(left);

        static bool Compared(string line) => !line.Contains('|', StringComparison.Ordinal);
    }
}
