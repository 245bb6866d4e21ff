using Retention.Domain.Events;

namespace Retention.Api.Demo;

/// <summary>What the demo shop sells.</summary>
internal static class Catalogue
{
    private const int MostLines = 6;

    // By price, so that the products a purse can pay are the first ones.
    private static readonly Product[] Products =
    [
        new("tea-mint-50", "tea", 4_90), new("choc-dark-70", "chocolate", 4_90), new("choc-milk-hazel", "chocolate", 5_50),
        new("tea-rooibos-100", "tea", 6_90), new("filter-paper-100", "equipment", 6_90), new("soap-birch", "bath", 7_90),
        new("tea-earl-grey-125", "tea", 8_90), new("candle-pine-s", "candles", 9_90), new("coffee-light-250", "coffee", 9_90),
        new("coffee-dark-250", "coffee", 9_90), new("coffee-decaf-250", "coffee", 10_90), new("mug-moss", "kitchen", 12_90),
        new("towel-linen-s", "textiles", 14_90), new("coffee-espresso-500", "coffee", 16_90), new("candle-pine-l", "candles", 17_90),
        new("choc-box-24", "chocolate", 18_90), new("mug-set-2", "kitchen", 22_90), new("tea-sampler-12", "tea", 24_90),
        new("apron-linen", "textiles", 27_90), new("coffee-espresso-1000", "coffee", 29_90), new("bowl-set-4", "kitchen", 34_90),
        new("towel-linen-l", "textiles", 36_90), new("gift-box-cosy", "gifts", 39_90), new("coffee-club-3", "coffee", 42_90),
        new("teapot-stone", "kitchen", 47_90), new("dripper-set", "equipment", 54_90, OneOff: true), new("throw-wool", "textiles", 79_00),
        new("gift-box-grand", "gifts", 89_00), new("grinder-hand", "equipment", 99_00, OneOff: true),
        new("grinder-electric", "equipment", 189_00, OneOff: true), new("espresso-machine", "equipment", 349_00, OneOff: true),
    ];

    /// <summary>Different products, until they are worth about <paramref name="cents"/>.</summary>
    public static List<PurchaseLine> Basket(Random chance, double cents)
    {
        var lines = new List<PurchaseLine>();
        var left = cents;
        do
        {
            var affordable = Math.Max(3, Array.FindLastIndex(Products, product => product.Cents <= 1.1 * left) + 1);
            var product = Products[chance.Next(affordable)];
            if (lines.Exists(line => line.Sku == product.Sku)) break;
            var quantity = product.OneOff || chance.Happens(0.7) ? 1 : 2;
            lines.Add(new PurchaseLine(product.Sku, product.Category, quantity, product.Cents * 0.01m, product.OneOff ? true : null));
            left -= quantity * product.Cents;
        }
        while (left > 0.2 * cents && lines.Count < MostLines);
        return lines;
    }

    private sealed record Product(string Sku, string Category, int Cents, bool OneOff = false);
}
