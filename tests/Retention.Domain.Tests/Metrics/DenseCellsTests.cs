using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class DenseCellsTests
{
    [Fact]
    public void They_hold_what_sparse_cells_hold_in_ascending_order() =>
        Prop.ForAll<(int Index, byte Amount)[]>(additions =>
        {
            var (dense, sparse) = (new DenseCells<LifetimeCounts>(), new Cells<int, LifetimeCounts>());
            foreach (var (index, amount) in additions)
            {
                var counts = new LifetimeCounts(amount, 1);
                dense.At(index * 37) += counts;
                sparse.Add(index * 37, counts);
            }
            return dense.SequenceEqual(sparse.OrderBy(cell => cell.Key)) && additions.All(addition => dense[addition.Index * 37] == sparse[addition.Index * 37]);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_parts_of_two_cores_merge_into_the_whole() =>
        Prop.ForAll<(int Index, byte Amount)[], int>((additions, cut) =>
        {
            var parts = new[] { new DenseCells<LifetimeCounts>(), new DenseCells<LifetimeCounts>() };
            var whole = new DenseCells<LifetimeCounts>();
            foreach (var (index, amount) in additions)
            {
                parts[index < cut ? 0 : 1].At(index).Lapsed += amount;
                whole.At(index).Lapsed += amount;
            }
            parts[0].Add(parts[1]);
            return parts[0].SequenceEqual(whole);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_number_to_which_nothing_was_added_is_zero_and_takes_no_room()
    {
        var cells = new DenseCells<LifetimeCounts>();

        cells[int.MaxValue].ShouldBe(default);
        cells.At(5).Lapsed = 2;

        (cells[4], cells[5], cells[5_000_000]).ShouldBe((default, new LifetimeCounts(2, 0), default));
        cells.ShouldHaveSingleItem();
    }
}
