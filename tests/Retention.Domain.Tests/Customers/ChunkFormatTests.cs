using System.Collections.Immutable;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Customers;

public class ChunkFormatTests
{
    private static readonly Gen<long> Longs = Gen.OneOf(
        Gen.Elements(long.MinValue, long.MaxValue, 0L, -1L, 1L, int.MaxValue, -64L, 64L), Gen.Choose(int.MinValue, int.MaxValue).Select(number => number * 1_000_003L));

    private static readonly Gen<string> Texts = Gen.Elements("a", "Tee & Keks", "\u0001", "õ", "𝒳", "e\u0301", new string('x', 20_000), "\"\\", "漢字");

    private static readonly Gen<string?> OptionalTexts = Gen.OneOf(Gen.Constant<string?>(null), Texts.Select(text => (string?)text));

    private static readonly Gen<long?> OptionalLongs = Gen.OneOf(Gen.Constant<long?>(null), Longs.Select(number => (long?)number));

    private static readonly Gen<PurchaseDetails?> Details = Gen.OneOf(
        Gen.Constant<PurchaseDetails?>(null),
        from lines in (from sku in Texts from category in Gen.Elements("", "c") from oneOff in Gen.Elements(true, false) select new BoughtLine(sku, category, oneOff)).ListOf()
        from codes in Texts.ListOf()
        where lines.Count + codes.Count > 0
        select new PurchaseDetails([.. lines], [.. codes]));

    private static readonly Gen<Fact> Facts = Gen.OneOf(
        from order in Longs
        from total in Longs
        from margin in OptionalLongs
        from channel in OptionalTexts
        from details in Details
        select (Fact)new Fact.Purchase(order, total, margin, channel, details),
        from order in Longs from amount in Longs select (Fact)new Fact.Refund(order, amount),
        from order in Longs select (Fact)new Fact.Cancellation(order),
        from registered in Gen.Elements(true, false)
        from attributes in (from name in Texts from value in Gen.OneOf(OptionalTexts, Gen.Constant<string?>("")) select (name, value)).ListOf()
        select (Fact)new Fact.Profile(registered, Sorted(attributes)),
        from other in Texts select (Fact)new Fact.Merge(other),
        from other in Texts select (Fact)new Fact.Unmerge(other),
        from reason in OptionalTexts select (Fact)new Fact.Departure(reason),
        from reason in Texts select (Fact)new Fact.LapseReason(reason),
        from source in Texts from id in Texts select (Fact)new Fact.Retraction(source, id),
        OfComplaints(),
        OfFeedback());

    private static readonly Gen<ImmutableArray<Entry>> Chunks =
        from entries in (
            from from_ in Gen.Elements(1, 2, long.MaxValue - 1, 1L << 40)
            from retracted in Gen.Elements(true, false)
            from time in Gen.Elements(0, 1, DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks)
            from source in Texts
            from id in Texts
            from fact in Facts
            select new Entry(from_, retracted ? long.MaxValue : 0, time, source, id, fact)).ListOf()
        select entries.Order(Entry.InOrder).ToImmutableArray();

    [Fact]
    public void What_is_written_reads_the_same() =>
        Prop.ForAll(Arb.From(Chunks), entries => ChunkFormat.Read(ChunkFormat.Write(entries)).Select(Text).ShouldBe(entries.Select(Text)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Without_names_and_details_the_core_reads_the_same() =>
        Prop.ForAll(Arb.From(Chunks), entries =>
        {
            var read = ChunkFormat.Read(ChunkFormat.Write(entries) with { Names = [], Details = [] });

            read.Select(Text).ShouldBe(entries.Select(Bare).Select(Text));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Entries_behind_stored_bytes_read_as_if_they_had_been_written_with_the_others() =>
        Prop.ForAll(Arb.From(Chunks), Arb.From(Gen.Choose(0, 10)), (entries, some) =>
        {
            // Each at a time of its own, so that every one comes last.
            var inTurn = entries.Select((entry, index) => entry with { OccurredAt = 10 + index * 10L }).Take(Chunk.Capacity).ToImmutableArray();
            var stored = Math.Min(some, inTurn.Length);
            var chunk = new Chunk(7, ChunkFormat.Write(inTurn[..stored]));
            foreach (var entry in inTurn[stored..]) chunk = chunk.TryAppend(entry).ShouldNotBeNull();

            chunk.Entries.Select(Text).ShouldBe(inTurn.Select(Text));
            (chunk.Number, chunk.Count).ShouldBe((7, inTurn.Length));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Theory]
    [InlineData(10, 9, "in time before the last")]
    [InlineData(10, 10, "at the last one's time, where names decide")]
    public void An_entry_that_may_not_come_last_is_not_appended_by_bytes(long last, long next, string how)
    {
        var stored = new Chunk(0, ChunkFormat.Write([new Entry(1, 0, last, "shop", "b", new Fact.Cancellation(1))]));

        stored.TryAppend(new Entry(2, 0, next, "shop", "a", new Fact.Cancellation(1))).ShouldBeNull(how);
    }

    [Fact]
    public void A_full_chunk_takes_no_more()
    {
        var full = Enumerable.Range(1, Chunk.Capacity).Select(number => new Entry(number, 0, number, "shop", $"{number}", new Fact.Cancellation(1)));

        new Chunk(0, ChunkFormat.Write([.. full])).TryAppend(new Entry(99, 0, 99, "shop", "99", new Fact.Cancellation(1))).ShouldBeNull();
    }

    [Fact]
    public void Every_kind_of_fact_is_among_the_facts_tried()
    {
        var kinds = typeof(Fact).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(Fact)) && !type.IsAbstract);

        kinds.ShouldBeSubsetOf(Facts.Sample(2_000).Select(fact => fact.GetType()));
    }

    [Fact]
    public void An_ordinary_purchase_takes_about_25_bytes_in_the_core()
    {
        var year = Enumerable.Range(0, 12).Select(month => new Entry(
            100_000 + month * 5_000, 0, new DateTime(2026, month + 1, 5, 10, 30, 0, DateTimeKind.Utc).Ticks, "shop", $"{month}",
            new Fact.Purchase(Fact.Key($"{month}"), 499_000, null, "web", null))).ToImmutableArray();

        (ChunkFormat.Write(year).Core.Length / 12).ShouldBeInRange(15, 32);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Formats_of_yesterday_and_tomorrow_are_refused_by_name(byte format)
    {
        var bytes = ChunkFormat.Write([]);
        bytes.Core[0] = format;

        Should.Throw<InvalidDataException>(() => ChunkFormat.Read(bytes)).Message.ShouldContain($"has format {format}; this program reads 2 only");
    }

    private static Gen<Fact> OfComplaints() => Gen.OneOf(
        from complaint in Longs
        from channel in OptionalTexts
        from category in OptionalTexts
        from severity in OptionalTexts
        from order in OptionalLongs
        select (Fact)new Fact.ComplaintReceived(complaint, channel, category, severity, order),
        from complaint in Longs from remedy in OptionalTexts select (Fact)new Fact.ComplaintResolved(complaint, remedy),
        from complaint in Longs
        from step in Gen.Elements<Fact>(
            new Fact.ComplaintAcknowledged(complaint), new Fact.ComplaintReplied(complaint), new Fact.ComplaintMessage(complaint),
            new Fact.ComplaintReopened(complaint), new Fact.ComplaintWithdrawn(complaint))
        select step);

    private static Gen<Fact> OfFeedback()
    {
        var instruments = Gen.Elements(Instrument.Nps, Instrument.Csat, Instrument.Ces);
        var scores = Gen.Elements(0, 10, int.MinValue, int.MaxValue, -1);
        return Gen.OneOf(
            from request in Longs
            from instrument in instruments
            from touchpoint in OptionalTexts
            from channel in OptionalTexts
            select (Fact)new Fact.Request(request, instrument, touchpoint, channel),
            from request in Longs from instrument in instruments select (Fact)new Fact.Bounce(request, instrument),
            from id in Longs
            from instrument in instruments
            from score in scores
            from touchpoint in OptionalTexts
            from channel in OptionalTexts
            from request in OptionalLongs
            from scale in Gen.Elements(Scale.Of(instrument), new Scale(0, 1, 1), new Scale(int.MinValue, int.MaxValue, -1))
            select (Fact)new Fact.Answer(id, instrument, score, touchpoint, channel, request) { Scale = scale },
            from answer in Longs
            from score in Gen.OneOf(Gen.Constant<int?>(null), scores.Select(score => (int?)score))
            select (Fact)new Fact.Revision(answer, score),
            from answer in Longs select (Fact)new Fact.Withdrawal(answer));
    }

    private static Entry Bare(Entry entry) => entry with
    {
        Source = "",
        Id = "",
        Fact = entry.Fact is Fact.Purchase purchase ? purchase with { Details = null } : entry.Fact,
    };

    private static SortedDictionary<string, string?> Sorted(IEnumerable<(string Name, string? Value)> attributes)
    {
        var sorted = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in attributes) sorted[name] = value;
        return sorted;
    }

    /// <summary>The whole entry, lists and dictionaries inside included.</summary>
    private static string Text(Entry entry) =>
        $"{entry with { Fact = new Fact.Cancellation(0) }} {entry.Fact.GetType().Name} {JsonSerializer.Serialize<object>(entry.Fact)}";
}
