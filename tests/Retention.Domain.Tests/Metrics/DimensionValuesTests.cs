using Retention.Domain.Customers;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class DimensionValuesTests
{
    private static readonly Story Shopper = new Story()
        .Tells("2026-01-01", Bought(1, ["tea", "cup"], ["SPRING"])).Tells("2026-01-02", Bought(2, ["tea", ""], ["SPRING", "VIP"]))
        .Tells("2026-01-03", Bought(3, ["pot"], ["LATE"])).Cancels("2026-01-04", "3").Tells("2026-01-05", new Fact.Purchase(4, 100, null, null, null));

    [Theory]
    [InlineData("product", "cup tea")]
    [InlineData("discountCode", "SPRING VIP")]
    public void A_customer_counts_once_for_each_value_of_the_valid_orders(string dimension, string values)
    {
        var cells = new Cells<string, ValueCounts>();

        DimensionValues.Contribute(Shopper.View(), dimension, cells);

        string.Join(' ', cells.Select(cell => cell.Key).Order(StringComparer.Ordinal)).ShouldBe(values);
        cells.ShouldAllBe(cell => cell.Value == new ValueCounts(1, 1));
    }

    private static Fact.Purchase Bought(int order, string[] skus, string[] codes) =>
        new(Fact.Key($"{order}"), 100, null, null, new([.. skus.Select(sku => new BoughtLine(sku, "", false))], codes));
}
