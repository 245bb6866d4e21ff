using Retention.Domain.Customers;

namespace Retention.Domain.Tests.Customers;

public class IdentitiesTests
{
    [Fact]
    public void Customers_that_are_merged_are_one_over_any_number_of_merges_and_in_any_direction() =>
        Whole(Merged("a", "b", 1), Merged("c", "b", 2), Merged("c", "d", 3), Merged("x", "y", 4)).ShouldBe(["d: a b c d", "y: x y"]);

    [Fact]
    public void The_id_is_that_of_the_latest_merge_by_time_source_and_id_and_not_by_arrival()
    {
        Whole(Merged("a", "b", 5), Merged("b", "c", 4), Merged("c", "a", 3)).ShouldBe(["b: a b c"]);
        Whole(Merged("a", "b", 5) with { Id = "2" }, Merged("c", "a", 5) with { Id = "1" }).ShouldBe(["b: a b c"]);
        Whole(Merged("a", "b", 5) with { Source = "a", Id = "2" }, Merged("c", "a", 5) with { Source = "b", Id = "1" }).ShouldBe(["a: a b c"]);
    }

    [Fact]
    public void An_unmerge_takes_back_the_merge_of_the_same_two_customers_in_the_same_direction()
    {
        Whole(Merged("a", "b", 1), Unmerged("a", "b", 2)).ShouldBe(["a: a", "b: b"]);
        Whole(Merged("a", "b", 1), Unmerged("b", "a", 2)).ShouldBe(["b: a b"]);
        Whole(Merged("a", "b", 1), Merged("b", "a", 2), Unmerged("b", "a", 3)).ShouldBe(["b: a b"]);
    }

    [Fact]
    public void The_latest_statement_about_two_customers_is_in_force_in_whatever_order_they_arrive()
    {
        Link[] said = [Merged("a", "b", 1), Unmerged("a", "b", 2), Merged("a", "b", 3)];

        Whole(said).ShouldBe(["b: a b"]);
        Whole([.. said.Reverse()]).ShouldBe(["b: a b"]);
        Whole(said[1], said[0]).ShouldBe(["a: a", "b: b"]);
        Whole(said[0], said[1] with { OccurredAt = 1, Id = "0" }).ShouldBe(["b: a b"]);
    }

    [Fact]
    public void What_was_known_at_a_position_is_told_by_the_statements_of_then()
    {
        Link[] said = [Merged("a", "b", 1) with { KnownFrom = 10, KnownUntil = 40 }, Unmerged("a", "b", 2) with { KnownFrom = 20, KnownUntil = 30 }];

        Whole(said, knownAt: 9).ShouldBe(["a: a", "b: b"]);
        Whole(said, knownAt: 10).ShouldBe(["b: a b"]);
        Whole(said, knownAt: 20).ShouldBe(["a: a", "b: b"]);
        Whole(said, knownAt: 30).ShouldBe(["b: a b"]);
        Whole(said, knownAt: 40).ShouldBe(["a: a", "b: b"]);
    }

    [Fact]
    public void Somebody_of_whom_nothing_is_said_is_nobody_else()
    {
        var alone = Identities.Of([Merged("a", "b", 1)]).Of("c");

        (alone.Id, string.Join(' ', alone.Members)).ShouldBe(("c", "c"));
        Identities.Of([]).All.ShouldBeEmpty();
    }

    [Fact]
    public void A_customer_that_is_merged_into_itself_stays_as_it_is() => Whole(Merged("a", "a", 1)).ShouldBe(["a: a"]);

    [Fact]
    public void A_long_chain_of_merges_is_one_customer()
    {
        var chain = Enumerable.Range(0, 50_000).Select(number => Merged($"{number}", $"{number + 1}", number)).ToArray();
        new Random(1).Shuffle(chain);

        var identity = Identities.Of(chain).All.ShouldHaveSingleItem();

        (identity.Id, identity.Members.Count).ShouldBe(("50000", 50_001));
    }

    private static Link Merged(string customer, string into, long at) => new(customer, into, true, 1, 0, at, "crm", "1");

    private static Link Unmerged(string customer, string into, long at) => Merged(customer, into, at) with { Merged = false };

    private static IEnumerable<string> Whole(params Link[] links) => Whole(links, long.MaxValue);

    private static IEnumerable<string> Whole(Link[] links, long knownAt) =>
        Identities.Of(links, knownAt).All.Select(identity => $"{identity.Id}: {string.Join(' ', identity.Members)}").Order(StringComparer.Ordinal);
}
