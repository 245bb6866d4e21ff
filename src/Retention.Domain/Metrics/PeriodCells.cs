using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>
/// Cells by time for each period that things begin in, such as a customer's life or the gap after a purchase: the sink of curves.
/// </summary>
/// <param name="periods">The periods that count, both ends included; what begins in another one is left out.</param>
public sealed class PeriodCells<TCounts>(Partition partition, (int First, int Last) periods) : IMergeable<PeriodCells<TCounts>>
    where TCounts : struct, ICounts<TCounts>
{
    private readonly Dictionary<int, DenseCells<TCounts>> byPeriod = [];
    private int lastPeriod;
    private DenseCells<TCounts>? last;

    /// <summary>The first day on which something began that counts; null before anything has.</summary>
    public DateOnly? Began { get; private set; }

    /// <summary>The periods that something began in, in no order.</summary>
    public IReadOnlyCollection<int> Periods => byPeriod.Keys;

    /// <summary>All periods together.</summary>
    public DenseCells<TCounts> Total
    {
        get
        {
            var total = new DenseCells<TCounts>();
            foreach (var cells in byPeriod.Values) total.Add(cells);
            return total;
        }
    }

    /// <summary>What began in a period; without counts where nothing did.</summary>
    public DenseCells<TCounts> this[int period] => byPeriod.GetValueOrDefault(period) ?? new DenseCells<TCounts>();

    /// <summary>The cells for what begins on a day, to add to; null where that does not count.</summary>
    public DenseCells<TCounts>? BeginningOn(DateOnly day)
    {
        var period = partition.IndexOf(day);
        if (period < periods.First || period > periods.Last) return null;
        if (Began is null || day < Began) Began = day;
        if (last is null || period != lastPeriod) (lastPeriod, last) = (period, Of(period));
        return last;
    }

    public void Add(PeriodCells<TCounts> others)
    {
        foreach (var (period, cells) in others.byPeriod) Of(period).Add(cells);
        if (Began is null || others.Began < Began) Began = others.Began;
    }

    private DenseCells<TCounts> Of(int period)
    {
        if (!byPeriod.TryGetValue(period, out var cells)) byPeriod[period] = cells = new DenseCells<TCounts>();
        return cells;
    }
}
