using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Recounting;

/// <summary>The mappings' events, summed naively, against a recount of the same rows in SQL.</summary>
public sealed class RecountTests(ScratchPostgres postgres) : IClassFixture<ScratchPostgres>
{
    private static readonly DateTimeOffset Later = new(2012, 2, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_invoices_give_the_recounted_figures()
    {
        await using var file = DataFile.OnlineRetail();
        await HoldsAsync(OnlineRetail.Mapping, await DataFile.Text(file).ReadToEndAsync(TestContext.Current.CancellationToken), Later);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Generated_invoices_give_the_recounted_figures_at_any_moment(int seed)
    {
        var text = DataFile.GeneratedInvoices(seed, 1_500);
        await HoldsAsync(OnlineRetail.Mapping, text, new DateTimeOffset(2011, 6, 15, 11, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task The_music_shop_gives_the_recounted_figures()
    {
        await using var file = DataFile.Cdnow();
        await HoldsAsync(Cdnow.Mapping, await DataFile.Text(file).ReadToEndAsync(TestContext.Current.CancellationToken), Later);
    }

    private async Task HoldsAsync(Mapping mapping, string text, DateTimeOffset asOf)
    {
        var report = new ImportReport();
        var events = mapping.Read(new StringReader(text), report).ToList();
        await using var scratch = await postgres.NewDatabaseAsync();
        using var csv = new StringReader(text);
        var recount = mapping == Cdnow.Mapping ? await Recount.CdnowAsync(scratch, csv) : await Recount.OnlineRetailAsync(scratch, csv);

        var totals = await recount.TotalsAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{totals}");
        Totals(events, report).ShouldBe(totals);
        var naive = new Naive(events, mapping.TimeZone!, asOf);
        foreach (var grain in new[] { "month", "week" })
        {
            naive.Revenue(grain).ShouldBe(await recount.RevenueAsync(grain, asOf));
            var cells = await recount.CohortsAsync(grain, asOf, 14);
            cells.ShouldNotBeEmpty();
            naive.Cells(grain).ShouldBe(cells.Where(cell => cell.Customers > 0).Select(cell =>
                (cell.Cohort, cell.Size, cell.K, cell.Customers, cell.Orders, cell.Revenue)));
        }
    }

    private static Recount.Totals Totals(List<Envelope> events, ImportReport report)
    {
        var purchases = events.Where(made => made.Type == "purchase_made").ToList();
        var refunds = events.Where(made => made.Type == "purchase_refunded").ToList();
        report.RejectedEvents.ShouldBe(0);
        return new Recount.Totals(
            report.LinesRead, report.LinesWithoutCustomer, purchases.Count, purchases.Select(made => made.Customer).Distinct().Count(),
            purchases.Sum(made => made.Data.GetProperty("total").GetDecimal()), refunds.Count,
            refunds.Sum(made => made.Data.GetProperty("amount").GetDecimal()), report.UnmatchedReturnLines, report.UnmatchedReturnUnits,
            events.Count(made => made.Type == "customer_changed"));
    }
}
