using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Customers;

public class CustomerHistoryTests
{
    [Fact]
    public void The_order_of_arrival_changes_nothing_about_the_entries() =>
        Prop.ForAll<NonEmptyArray<(byte Time, bool Web)>, int>((told, seed) =>
        {
            var entries = told.Get.Select((item, index) => EntryAt(item.Time, index, item.Web ? "web" : "shop")).ToList();
            var sorted = entries.OrderBy(entry => entry.OccurredAt).ThenBy(entry => entry.Source, StringComparer.Ordinal).ThenBy(entry => entry.Id, StringComparer.Ordinal);

            var shuffled = entries.ToArray();
            new Random(seed).Shuffle(shuffled);

            Fold(shuffled).Entries.ShouldBe(sorted);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(300));

    [Fact]
    public void What_folds_over_everybody_read_has_no_personal_attribute()
    {
        var history = new Story()
            .Tells("2026-01-01", new Fact.Profile(true, new SortedDictionary<string, string?> { ["country"] = "FI", ["nickname"] = "Ann" }))
            .Tells("2026-01-02", new Fact.Profile(false, new SortedDictionary<string, string?> { ["nickname"] = "Anna" })).History;

        var folded = new CustomerView(Definition.Default).Look(Columns.OfCores([new("c", history)]), 0);

        folded.Attributes().ShouldBe(new Dictionary<string, string> { ["country"] = "FI" });
        folded.Others.Length.ShouldBe(2);
        new CustomerView(history, Definition.Default).Attributes()["nickname"].ShouldBe("Anna");
    }

    public static TheoryData<string, int> Arrivals => new()
    {
        { "ascending", 5_000 }, { "descending", 5_000 }, { "shuffled", 5_000 }, { "outside in", 5_000 }, { "inside out", 5_000 }, { "all at one time", 2_000 },
    };

    [Theory]
    [MemberData(nameof(Arrivals))]
    public void Chunks_stay_small_and_in_order_and_lose_nothing(string arrivals, int count)
    {
        var history = CustomerHistory.Empty;
        foreach (var entry in Arriving(arrivals, count)) history = history.With(entry);

        history.Entries.Count().ShouldBe(count);
        history.Entries.Select(entry => entry.Id).Distinct().Count().ShouldBe(count);
        history.Entries.Zip(history.Entries.Skip(1)).ShouldAllBe(pair => Entry.InOrder.Compare(pair.First, pair.Second) < 0);
        history.Chunks.ShouldAllBe(chunk => chunk.Entries.Length > 0 && chunk.Entries.Length <= Chunk.Capacity);
        history.Chunks.Zip(history.Chunks.Skip(1)).ShouldAllBe(pair => pair.First.Number < pair.Second.Number);
    }

    [Fact]
    public void Arrivals_in_order_leave_full_chunks() =>
        Fold(Arriving("ascending", 1_000)).Chunks.Select(chunk => chunk.Entries.Length).SkipLast(1).ShouldAllBe(length => length == Chunk.Capacity);

    [Theory]
    [MemberData(nameof(Arrivals))]
    public void An_arrival_changes_two_chunks_at_the_most_unless_they_are_numbered_anew(string arrivals, int count)
    {
        var renumbered = 0;
        var history = CustomerHistory.Empty;
        foreach (var entry in Arriving(arrivals, count))
        {
            var grown = history.With(entry);
            if (grown.ChangedSince(history).Count() > 2) renumbered++;
            history = grown;
        }

        renumbered.ShouldBeLessThanOrEqualTo(count / 500);
    }

    [Theory]
    [MemberData(nameof(Arrivals))]
    public void The_changed_chunks_written_over_the_earlier_ones_without_the_removed_are_the_history(string arrivals, int count)
    {
        var stored = new SortedDictionary<long, Chunk>();
        var history = CustomerHistory.Empty;
        foreach (var batch in Arriving(arrivals, count).Chunk(7))
        {
            var grown = batch.Aggregate(history, (known, entry) => known.With(entry));
            foreach (var number in grown.RemovedSince(history)) stored.Remove(number).ShouldBeTrue();
            foreach (var chunk in grown.ChangedSince(history)) stored[chunk.Number] = chunk;
            history = grown;
        }

        stored.Values.SelectMany(chunk => chunk.Entries).ShouldBe(history.Entries);
    }

    [Fact]
    public void Nothing_is_changed_since_the_same_history()
    {
        var history = Fold(Arriving("shuffled", 500));

        history.ChangedSince(history).ShouldBeEmpty();
        history.ChangedSince(CustomerHistory.Empty).Count().ShouldBe(history.Chunks.Length);
    }

    private static CustomerHistory Fold(IEnumerable<Entry> entries) => entries.Aggregate(CustomerHistory.Empty, (history, entry) => history.With(entry));

    private static Entry EntryAt(long time, int index, string source = "shop") => new(index + 1, 0, time, source, $"{index:d6}", new Fact.Cancellation(index));

    private static Entry[] Arriving(string arrivals, int count)
    {
        var entries = Enumerable.Range(0, count).Select(index => EntryAt(index, index)).ToArray();
        switch (arrivals)
        {
            case "descending":
                Array.Reverse(entries);
                break;
            case "shuffled":
                new Random(1).Shuffle(entries);
                break;
            case "outside in":
                return [.. entries.Select((_, index) => index % 2 == 0 ? entries[index / 2] : entries[^(index / 2 + 1)])];
            case "inside out":
                return [.. entries.Select((_, index) => index % 2 == 0 ? entries[index / 2] : entries[^(index / 2 + 1)]).Reverse()];
            case "all at one time":
                return [.. Enumerable.Range(0, count).Select(index => EntryAt(0, (index * 773) % count))];
        }
        return entries;
    }
}
