using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Customers;

/// <summary>What a history keeps of what it was told and should not have been.</summary>
public class RetractionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(1_000)]
    public void What_is_retracted_and_told_again_any_number_of_times_is_found_among_its_likes(int count)
    {
        var history = Enumerable.Range(0, count).Aggregate(CustomerHistory.Empty, (known, number) => known.With(EntryOf("same", 2 * number + 1)));
        foreach (var position in Enumerable.Range(1, count).Select(number => 10_000 + number))
        {
            var hit = history.InForce(7, "shop", "same").ShouldNotBeNull();
            history = history.Retract(hit, position);
        }

        history.InForce(7, "shop", "same").ShouldBeNull();
        history.Entries.Count().ShouldBe(count);
        history.Entries.Select(entry => entry.KnownUntil).Distinct().Count().ShouldBe(count);
    }

    [Fact]
    public void Only_the_chunk_of_what_is_retracted_changes()
    {
        var history = Enumerable.Range(0, 1_000).Aggregate(CustomerHistory.Empty, (known, number) => known.With(EntryOf($"{number:d4}", number + 1)));

        var corrected = history.Retract(history.InForce(7, "shop", "0500").ShouldNotBeNull(), 2_000);

        corrected.ChangedSince(history).ShouldHaveSingleItem();
        corrected.Entries.ShouldBe(history.Entries.Select(entry => entry.Id == "0500" ? entry with { KnownUntil = 2_000 } : entry));
    }

    [Theory]
    [InlineData(8, "shop", "0")]
    [InlineData(7, "web", "0")]
    [InlineData(7, "shop", "1")]
    public void Nothing_is_in_force_that_was_never_told(long at, string source, string id)
    {
        CustomerHistory.Empty.InForce(at, source, id).ShouldBeNull();
        CustomerHistory.Empty.With(EntryOf("0", 1)).InForce(at, source, id).ShouldBeNull();
    }

    [Fact]
    public void A_retracted_purchase_stands_in_no_other_purchases_way()
    {
        var story = Story.OfOrders("2026-01-05").Buys("2026-02-05", "2026-01-05", 20);
        var first = story.Told[0];

        var view = new CustomerView(Definition.Default).Look(Columns.Of(("c", story.History.Retract(first, 3).Entries)), 0);
        view.OrdersSeen().ShouldHaveSingleItem().Day.ShouldBe(Story.Day("2026-02-05"));
        view.Superseded.Length.ShouldBe(0);

        var before = new CustomerView(Definition.Default, knownAt: 2).Look(Columns.Of(("c", story.History.Retract(first, 3).Entries)), 0);
        before.OrdersSeen().ShouldHaveSingleItem().Day.ShouldBe(Story.Day("2026-01-05"));
    }

    [Fact]
    public void Histories_are_joined_in_the_order_of_time_source_and_id()
    {
        var (ann, bob) = (Story.OfOrders("2026-01-05", "2026-03-05"), new Story().Buys("2026-01-05", "o", 1, id: "0").Buys("2026-02-05", "p", 1));

        var joined = CustomerHistory.Joined([ann.History, bob.History]);

        joined.Entries.ShouldBe(ann.Told.Concat(bob.Told).Order(Entry.InOrder));
        joined.Entries.Count().ShouldBe(4);
    }

    private static Entry EntryOf(string id, long position) => new(position, 0, 7, "shop", id, new Fact.Cancellation(position));
}
