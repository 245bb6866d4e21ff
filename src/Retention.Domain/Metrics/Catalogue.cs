namespace Retention.Domain.Metrics;

/// <param name="Unit">count, share (0 … 1), money (major units), points (−100 … 100), score, days, ratio, orders per customer, or what a word says.</param>
/// <param name="Additive">Whether the figures of several periods or groups may be added.</param>
public sealed record Figure(string Name, string Formula, string Unit, bool Additive);

/// <summary>A metric as the catalogue serves it.</summary>
/// <param name="Version">Rises when the definition changes.</param>
public sealed record CatalogueEntry(
    string Name, int Version, string Path, string Question, IReadOnlyList<string> Grains, IReadOnlyList<string> Dimensions, IReadOnlyList<Figure> Figures);

/// <summary>Every metric that is served, with the definition of each of its figures.</summary>
public static class Catalogue
{
    private const string Count = "count";
    private const string Share = "share";
    private const string Money = "money";
    private const string Days = "days";

    internal static readonly string[] Grains = ["day", "week", "month", "quarter", "year"];

    internal static readonly string[] WithHours = ["hour", .. Grains];

    internal static readonly string[] Dimensions = ["channel", "country", "campaign", "tier"];

    public static CatalogueEntry Retention { get; } = Grouped(
        "retention", "How many of the customers who were active at the start of a period still were at its end?",
        new("opening", "customers active at the period's start, S", Count, false),
        new("acquired", "first spans of activity begun, N", Count, true),
        new("reactivated", "later spans begun, R", Count, true),
        new("lapsed", "spans ended, L", Count, true),
        new("lapsedOld", "lapses of customers active at the start", Count, true),
        new("lapsedNew", "all other lapses", Count, true),
        new("closing", "S + N + R − L", Count, false),
        new("lost", "active at the start, not at the end", Count, false),
        new("retained", "S − lost", Count, false),
        new("retentionRate", "retained / S", Share, false),
        new("retentionRateFormula", "(closing − N) / S", Share, false),
        new("churnRate", "lost / S", Share, false),
        new("interval", "95 % Wilson interval of retentionRate", Share, false));

    public static CatalogueEntry Lifecycle { get; } = Grouped(
        "lifecycle", "Of those who ordered in a period, who is new, who came back, and how many of the period before stayed away?",
        new("new", "customers whose first order ever is in the period", Count, true),
        new("returning", "customers who ordered in the period and in the one before", Count, false),
        new("resurrected", "customers who ordered in the period, not in the one before, and earlier", Count, false),
        new("dormant", "customers who ordered in the period before and not in this one; null until it has ended", Count, false));

    public static CatalogueEntry Cohorts { get; } = Entry(
        "cohorts", "Of the customers who first ordered in a period, how many ordered again k periods later?",
        new("size", "customers whose first activity (entry=first), or any (entry=every), is in the cohort's period", Count, true),
        new("period0Repeat", "of them, those who returned in the same period: with a second order", Count, true),
        new(
            "value",
            "customers who returned in period k (on), in it or later (on_or_after), up to its end (on_or_before), or are active at its end (survival); "
            + "orders or net revenue in it; net revenue up to its end, also per customer of the cohort",
            "count or money", false),
        new("rate", "value / size, for customers", Share, false),
        new("summary", "Σ value / Σ size over the complete cells of a column, or the mean of their rates", Share, false)) with
    { Path = "/v1/cohorts", Grains = WithHours, Dimensions = Dimensions };

    public static CatalogueEntry Revenue { get; } = Grouped(
        "revenue", "What was ordered, by how many, and how many came back?",
        new("orders", "valid orders", Count, true),
        new("customers", "customers with a valid order", Count, false),
        new("revenue", "Σ total − refunds", Money, true),
        new("averageOrderValue", "revenue / orders", Money, false),
        new("purchaseFrequency", "orders / customers", "orders per customer", false),
        new("repeatRateWindow", "customers with two or more orders in the period / customers", Share, false),
        new("returningCustomerRate", "customers with an order before the period's start / customers", Share, false),
        new("repeatRateLifetime", "of all customers acquired before the period's end, the share with two or more orders before it", Share, false)) with
    { Grains = WithHours };

    public static CatalogueEntry RevenueRetention { get; } = Grouped(
        "revenue-retention", "How much of the revenue of the period before came again, and what explains the change?",
        new("grr", "Σ min(r, r′) / Σ r′, with r a customer's net revenue in the period and r′ in the one before", Share, false),
        new("nrr", "Σ r of customers with r′ > 0 / Σ r′; with reactivations=include, reactivated is added to the numerator", Share, false),
        new("previous", "Σ r′, a negative r′ counting as 0", Money, true),
        new("current", "Σ r, a negative r counting as 0", Money, true),
        new("new", "Σ r of customers without revenue in any earlier period", Money, true),
        new("reactivated", "Σ r of customers without revenue in the period before, but earlier", Money, true),
        new("expansion", "Σ r − r′ of customers with both, where positive", Money, true),
        new("contraction", "Σ r − r′ of customers with both, where negative", Money, true),
        new("churned", "−Σ r′ of customers without revenue in the period", Money, true));

    public static CatalogueEntry TimeBetweenPurchases { get; } = Grouped(
        "time-between-purchases", "After how many days does a customer buy again?",
        new("survival", "S(t): share of purchases that are not followed by another within t days, Kaplan–Meier with open gaps censored", Share, false),
        new("interval", "95 % log-log interval of survival", Share, false),
        new("atRisk", "gaps that were not closed before t days, and seen so long", Count, false),
        new("closed", "gaps closed after t days", Count, true),
        new("n", "gaps between consecutive purchase days", Count, true),
        new("open", "gaps seen without being closed by a day that is over", Count, true),
        new("mean", "mean of the closed gaps", Days, false),
        new("median", "50 % quantile of the closed gaps, type 7", Days, false),
        new("p90", "90 % quantile of the closed gaps, type 7", Days, false),
        new("curveMedian", "first t with S(t) ≤ 0.5", Days, false));

    public static CatalogueEntry Survival { get; } = Grouped(
        "survival", "For how long does a customer stay?",
        new("survival", "S(t): share of customers whose first span of activity is longer than t days, Kaplan–Meier", Share, false),
        new("interval", "95 % log-log interval of survival", Share, false),
        new("atRisk", "customers neither lapsed nor censored before t days", Count, false),
        new("lapsed", "customers lapsed after t days", Count, true),
        new("lifetimes", "customers lapsed, and customers censored", Count, true),
        new("median", "first t with S(t) ≤ 0.5", Days, false),
        new("logRank", "test of equal survival in all groups: chiSquare, degreesOfFreedom, p", "test", false));

    public static CatalogueEntry Clv { get; } = Grouped(
        "clv", "What has a customer of a cohort brought in so far, and what is expected of it?",
        new("customers", "customers whose first valid order is in the period", Count, true),
        new("revenue", "their net revenue up to asOf", Money, true),
        new("revenuePerCustomer", "revenue / customers", Money, false),
        new("margin", "Σ margin of the orders that state one, after refunds in proportion; null where none does", Money, true),
        new("marginPerCustomer", "margin / customers, where every order states one, else null", Money, false),
        new("within", "net revenue per customer in the first 30, 60, 90, 180 and 365 days; null for a cohort that is not old enough", Money, false),
        new("pAlive", "mean P(alive) by the fitted model in force; this and what follows is null without one", Share, false),
        new("expectedPurchases", "expected purchase days within the horizon / customers", "purchase days per customer", false),
        new("expectedAverageValue", "expected net revenue / expected purchase days, both within the horizon", Money, false),
        new("clv", "expected net revenue within the horizon, discounted by the yearly rate / customers", Money, false),
        new("clvSum", "clv of all customers", Money, true),
        new("marginShare", "margin / net revenue of the orders that state a margin; null where none does", Share, false),
        new("clvMargin", "clv × marginShare", Money, false),
        new("simple", "over the window: revenue / customers active in it × margin / (lost / active at its start); null at zero churn", Money, false));

    public static CatalogueEntry AtRisk { get; } = Entry(
        "at-risk", "Of whom is the most expected to be lost?",
        new("expectedLoss", "clv × (1 − pAlive)", Money, true),
        new("clv", "expected net revenue within the horizon, discounted by the yearly rate", Money, true),
        new("pAlive", "probability of still being active, by MBG/NBD or Pareto/NBD", Share, false)) with
    { Path = "/v1/segments/at-risk", Grains = [] };

    public static CatalogueEntry ClvEvaluation { get; } = Entry(
        "clv-evaluation", "How good would a forecast have been?",
        new("meanAbsoluteError", "mean |expected − actual| purchase days of the hold-out, by the model and by last year's rate", "purchase days", false),
        new("bias", "mean expected − actual", "purchase days", false),
        new("brier", "mean (P(no purchase) − 1 for those without one, else 0)²", Share, false),
        new("brierOfBaseRate", "p(1 − p), p being the share without a purchase", Share, false),
        new("expected", "mean expected purchase days of each tenth of the customers, by what was expected, and the sum over all", "purchase days", false),
        new("actual", "likewise what came", "purchase days", false)) with
    { Path = "/v1/models/clv/evaluation", Grains = [] };

    public static CatalogueEntry ClvWhatIf { get; } = Entry(
        "clv-what-if", "What would the same cohorts have brought in if more of their customers had stayed?",
        new("revenueChange", "revenue after / before − 1", Share, false),
        new("profitChange", "margin · revenue − acquisition cost, after / before − 1", Share, false)) with
    { Path = "/v1/models/clv/what-if" };

    public static CatalogueEntry Rfm { get; } = Entry(
        "rfm", "Who are the best customers, and who is slipping away?",
        new("recency", "days since the last purchase day", Days, false),
        new("frequency", "valid orders", Count, true),
        new("monetary", "net revenue", Money, true),
        new("r", "5 − edges below recency", "score", false),
        new("f", "1 + edges below frequency", "score", false),
        new("m", "1 + edges below monetary", "score", false),
        new("edges", "20, 40, 60 and 80 % quantiles, type 7, over all customers chosen", "as the figure", false),
        new("segment", "by r and f, as the table served says", "word", false)) with
    { Path = "/v1/segments/rfm", Grains = [] };

    public static CatalogueEntry LapsedRegulars { get; } = Entry(
        "lapsed-regulars", "Who used to buy regularly and has stopped?",
        new("purchaseDays", "purchase days; met from minPurchaseDays on", Count, false),
        new("variation", "standard deviation (n − 1) / mean of the gaps; met up to maxVariation", "ratio", false),
        new("daysSinceLast", "days since the last purchase day; met above gapMultiple · medianGap", Days, false),
        new("medianGap", "median of the customer's own gaps", Days, false),
        new("onlyOneOff", "whether everything bought is a one-off product; met when not", "flag", false),
        new("openComplaint", "whether a complaint is neither resolved nor withdrawn; met when not", "flag", false),
        new("daysSinceAsked", "days since the last request for feedback; met from throttleDays on, and when never asked", Days, false)) with
    { Path = "/v1/segments/lapsed-regulars", Grains = [] };

    public static CatalogueEntry Settling { get; } = Entry(
        "settling", "How late do events come, and how complete is a recent period?",
        new("elapsed", "days of the period that are over / its days", Share, false),
        new("arrived", "mean F(age) over these days: the share of their events that are expected to have arrived", Share, false),
        new("completeness", "elapsed · arrived", Share, false),
        new("curve", "F(d): share of events recorded within d whole days of occurredAt, by the product over reversed time, from the latest 100 000 events", Share, false));

    public static IReadOnlyList<CatalogueEntry> All => field ??=
    [
        Retention, Lifecycle, Cohorts, Revenue, RevenueRetention, TimeBetweenPurchases, Survival, Clv, AtRisk, ClvEvaluation, ClvWhatIf, Rfm,
        LapsedRegulars, Settling, .. VoiceCatalogue.All,
    ];

    /// <summary>A metric by dimensions of its customers.</summary>
    internal static CatalogueEntry Grouped(string name, string question, params IReadOnlyList<Figure> figures) => Entry(name, question, figures) with { Dimensions = Dimensions };

    internal static CatalogueEntry Entry(string name, string question, params IReadOnlyList<Figure> figures) =>
        new(name, 1, $"/v1/metrics/{name}", question, Grains, [], figures);
}
