using MathNet.Numerics.Distributions;
using NodaTime;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Demo;

/// <summary>
/// One invented customer. Orders are a Poisson process in shop time whose rate is gamma-distributed over customers, and after each order
/// the customer leaves with a beta-distributed probability: BG/NBD (Fader, Hardie &amp; Lee 2005) with a chance to leave after the
/// first order too (Batislam et al. 2007). Order values are gamma-gamma (Fader &amp; Hardie 2005). Complaints make leaving likelier.
/// </summary>
internal sealed class Shopper(Random chance, ShopClock clock, int number, List<Happening> happenings)
{
    private static readonly (double, string)[] Channels = [(45, "web"), (26, "app"), (19, "marketplace"), (10, "store")];

    private static readonly (double, string)[] Countries =
        [(32, "FI"), (24, "SE"), (17, "DE"), (9, "EE"), (8, "NL"), (5, "DK"), (3, "NO"), (2, "LV")];

    private static readonly (double, string?)[] Campaigns =
        [(46, null), (16, "search"), (13, "social-video"), (10, "newsletter"), (8, "referral"), (7, "influencer")];

    private static readonly (int Cents, string Name)[] Tiers = [(300_00, "silver"), (900_00, "gold")];

    private readonly string channel = chance.Pick(Channels);
    private readonly string country = chance.Pick(Countries);
    private readonly double pace = Gamma.Sample(chance, shape: 0.95, rate: 44);
    private readonly double purse = Gamma.Sample(chance, shape: 4, rate: 2_400);
    private readonly double mood = Normal.Sample(chance, 0, 0.8);
    private string? campaign;
    private double leaving;
    private int orders;
    private int spentCents;
    private int tier;
    private bool hasVoucher;

    // In shop time.
    private double OrdersPerDay =>
        pace * (channel switch { "app" => 1.25, "marketplace" => 0.7, _ => 1.0 }) * (country is "FI" or "EE" ? 1.1 : 0.95);

    /// <summary>Adds all that the customer does and that is done for it; answers and service take their time, so not in order.</summary>
    /// <param name="registration">In shop time.</param>
    public void Live(double registration)
    {
        var at = clock.At(registration);
        Register(at);
        if (chance.Happens(0.05)) return;

        for (var next = at + chance.Delay(Duration.FromMinutes(12), spread: 1.6); clock.IsOpen(next);)
        {
            if (Order(next)) return;
            var shopTime = clock.Of(next) + Exponential.Sample(chance, OrdersPerDay);
            if (shopTime >= clock.End) return;
            next = clock.At(shopTime);
        }
    }

    private void Happen(Instant at, CustomerEvent customerEvent) => happenings.Add(new Happening(at, number, customerEvent));

    private void Register(Instant at)
    {
        campaign = clock.Month(at) == 11 && chance.Happens(0.35) ? "black-week" : chance.Pick(Campaigns);
        leaving = Beta.Sample(chance, a: 0.7, b: campaign is "black-week" or "influencer" ? 2.2 : 3.4);
        decimal? cost = campaign switch
        {
            null => null,
            "newsletter" or "referral" => 3.00m,
            _ => chance.Next(6_00, 19_00) * 0.01m,
        };
        var newsletter = chance.Happens(0.4) ? "true" : "false";
        Happen(at, new CustomerRegistered(channel, campaign, country, cost,
            new SortedDictionary<string, string?>(StringComparer.Ordinal) { ["newsletter"] = newsletter, ["tier"] = "basic" }));
    }

    // True when it was the last order.
    private bool Order(Instant at)
    {
        orders++;
        var orderId = $"o-{number:D5}-{orders}";
        var lines = Catalogue.Basket(chance, Math.Clamp(Gamma.Sample(chance, shape: 6, purse), 4_00, 900_00));
        var through = chance.Happens(0.85) ? channel : chance.Pick(Channels);
        var purchase = Purchase(orderId, through, lines, clock.Month(at));
        Happen(at, purchase);

        if (chance.Happens(0.01))
        {
            Happen(at + chance.Delay(Duration.FromHours(2), spread: 1), new PurchaseCancelled(orderId, "changed-mind"));
            return chance.Happens(leaving);
        }
        Spend(at, (int)(purchase.Charged() * 100));
        var aftermath = new Aftermath(chance, Happen, mood, purchase);
        aftermath.Follow(at, clock.Progress(at), complaintId: $"k-{number:D5}-{orders}");
        hasVoucher |= aftermath.GaveVoucher;
        return chance.Happens(leaving + (1 - leaving) * aftermath.Discontent);
    }

    private PurchaseMade Purchase(string orderId, string through, List<PurchaseLine> lines, int month)
    {
        var gross = lines.Sum(line => line.Quantity!.Value * line.UnitPrice!.Value);
        var discount = DiscountOn(gross, month);
        var total = gross - (discount?.Amount ?? 0);
        return new PurchaseMade(
            orderId, DemoShop.Currency, total, lines,
            Gross: discount is null ? null : gross,
            Discounts: discount is null ? null : [discount],
            StoreCredit: null,
            Tax: decimal.Round(total * 0.24m, 2),
            Shipping: through == "store" ? null : gross >= 60 ? 0.00m : 4.90m,
            Margin: through == "marketplace" ? null : decimal.Round(total * chance.Next(28, 46) * 0.01m, 2),
            through);
    }

    private Discount? DiscountOn(decimal gross, int month)
    {
        var (code, kind, percent) = this switch
        {
            { hasVoucher: true } => ("SORRY15", "voucher", 15),
            { orders: 1, campaign: not null } when chance.Happens(0.3) => ("WELCOME10", "welcome", 10),
            _ when month == 11 && chance.Happens(0.3) => ("BLACKWEEK20", "campaign", 20),
            _ when month is 6 or 7 && chance.Happens(0.12) => ("SUMMER10", "campaign", 10),
            _ when chance.Happens(0.03) => ("FRIENDS5", "referral", 5),
            _ => ("", "", 0),
        };
        if (percent == 0) return null;
        hasVoucher = false;
        return new Discount(code, kind, decimal.Round(gross * percent * 0.01m, 2));
    }

    private void Spend(Instant at, int cents)
    {
        spentCents += cents;
        var reached = Array.FindLastIndex(Tiers, level => level.Cents <= spentCents) + 1;
        if (reached <= tier) return;
        tier = reached;
        Happen(at, new CustomerChanged(new Dictionary<string, string?> { ["tier"] = Tiers[reached - 1].Name }));
    }
}
