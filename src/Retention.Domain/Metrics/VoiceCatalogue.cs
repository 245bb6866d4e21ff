namespace Retention.Domain.Metrics;

/// <summary>The part of the <see cref="Catalogue"/> about what customers say and what is done about it.</summary>
public static class VoiceCatalogue
{
    private const string Count = "count";
    private const string Share = "share";
    private const string Days = "days";
    private const string Seconds = "seconds";

    private static readonly Figure[] FeedbackFigures =
    [
        new("responses", "answers given in the row", Count, true),
        new("interval", "95 % interval of score", "as score", false),
        new("distribution", "answers by score", Count, true),
        new("mean", "mean score", "score", false),
        new("scoreChange", "score − score of the row before, or of the window before", "as score", false),
        new("scoreChangeSignificant", "whether scoreChange differs from 0 at the 5 % level", "flag", false),
        new("requested", "requests sent in the row", Count, true),
        new("bounced", "of them, not delivered", Count, true),
        new("answered", "of those delivered, answered within 14 days", Count, true),
        new("responseRate", "answered / (requested − bounced)", Share, false),
        new("responseRateInterval", "95 % Wilson interval of responseRate", Share, false),
        new("responseRateStatus", "complete 14 days after the row's end", "word", false),
        new("suppressed", "whether a grouped or filtered row has fewer than minN responses, or would give such a one away", "flag", false),
    ];

    public static CatalogueEntry Nps { get; } = Feedback(
        "nps", "Would customers recommend us?",
        new("score", "100 · (promoters − detractors) / responses", "points", false), new("promoters", "answers of 9 and 10", Count, true),
        new("passives", "answers of 7 and 8", Count, true), new("detractors", "answers of 0 to 6", Count, true),
        new("meanInterval", "95 % t-interval of mean", "score", false));

    public static CatalogueEntry Csat { get; } = Feedback(
        "csat", "Are customers satisfied?",
        new("score", "share of the top scores", Share, false), new("meanInterval", "95 % t-interval of mean", "score", false));

    public static CatalogueEntry Ces { get; } = Feedback(
        "ces", "Did we make it easy?",
        new("score", "mean score", "score", false), new("agree", "share of scores 5 to 7", Share, false),
        new("agreeInterval", "95 % Wilson interval of agree", Share, false));

    public static CatalogueEntry Complaints { get; } = Catalogue.Entry(
        "complaints", "How many complaints came in, how soon were they answered and solved, and how many wait?",
        [
            new("received", "complaints received", Count, true),
            new("acknowledged", "complaints first acknowledged", Count, true),
            new("replied", "complaints first replied to", Count, true),
            new("resolved", "complaints first resolved", Count, true),
            new("reopened", "complaints first opened again", Count, true),
            new("withdrawn", "complaints first withdrawn", Count, true),
            new("open", "neither resolved nor withdrawn at the row's end, or at asOf while it is in progress", Count, false),
            new("reopenRate", "of complaints first resolved in the row, the share opened again", Share, false),
            new("oneTouchRate", "of complaints first resolved in the row, the share with at most one reply and never opened again", Share, false),
            new("orders", "valid orders that the complaints are set in proportion to", Count, true),
            new("perThousandOrders", "1000 · received / orders", "complaints per 1000 orders", false),
            new("promised", "of complaints received in the row, those whose promise is kept or broken", Count, true),
            new("promiseKept", "of them, answered when due", Count, true),
            new("promiseKeptRate", "promiseKept / promised", Share, false),
            new("promiseKeptInterval", "95 % Wilson interval of promiseKeptRate", Share, false),
            new("firstReply", "receipt to first reply, in the row of the reply: p50, p90 (type 7) and mean in calendar and in business time", Seconds, false),
            new("nextReply", "customer's message to next reply, likewise", Seconds, false),
            new("resolution", "receipt to first resolution, likewise", Seconds, false),
            new("lastResolution", "receipt to last resolution, likewise", Seconds, false),
            new("backlogAge", "asOf − receipt of the complaints open at asOf, in the row of asOf", Days, false),
        ]) with
    { Version = 2, Grains = Catalogue.WithHours, Dimensions = ComplaintPlan.Dimensions };

    public static CatalogueEntry Breaches { get; } = Catalogue.Entry(
        "breaches", "Which complaints were not answered as promised?",
        new("dueAt", "until when the complaint was to be answered", "time", false),
        new("answeredAt", "first reply or resolution", "time", false),
        new("late", "answeredAt, or asOf, − dueAt", Seconds, false)) with
    { Path = "/v1/complaints/breaches", Grains = [] };

    public static CatalogueEntry OpenComplaints { get; } = Catalogue.Entry(
        "open-complaints", "Which complaints wait, and which for longest?",
        new("dueAt", "until when the complaint is to be answered, the earliest first", "time", false),
        new("age", "asOf − receipt", Days, false)) with
    { Path = "/v1/segments/open-complaints", Grains = [] };

    public static CatalogueEntry Detractors { get; } = Catalogue.Entry(
        "detractors", "Who would not recommend us?",
        new("score", "the last answer to nps, 0 to 6", "score", false),
        new("age", "asOf − answer", Days, false)) with
    { Path = "/v1/segments/detractors", Grains = [] };

    public static CatalogueEntry ServiceRecovery { get; } = Catalogue.Entry(
        "service-recovery", "What does a complaint do to coming back, and what does solving it do?",
        new("moments", "complaints of customers who had ordered, or orders of customers without complaints, whose 90 days are over", Count, true),
        new("orderedAgain", "of them, followed by an order within 90 days", Count, true),
        new("repurchaseRate", "orderedAgain / moments; of orders without complaints weighted to the complaints' strata", Share, false),
        new("interval", "95 % interval of repurchaseRate: Wilson; weighted: normal", Share, false),
        new("controlRate", "that of controls weighted to the strata of this outcome", Share, false),
        new("controlInterval", "95 % interval of controlRate", Share, false),
        new("controls", "moments of customers without complaints in these strata", Count, false),
        new("unmatched", "moments in strata without controls", Count, true),
        new("difference", "repurchase rate of the matched moments − controlRate", Share, false),
        new("differenceInterval", "95 % interval of difference", Share, false),
        new("npsBefore", "NPS of the last answers in the 90 days before", "points", false),
        new("npsAfter", "NPS of the first answers in the 90 days after", "points", false),
        new("npsChange", "mean of after − before where both are known", "points", false));

    public static CatalogueEntry LapseReasons { get; } = Catalogue.Entry(
        "lapse-reasons", "Why do customers stay away?",
        new("count", "times that the reason was given", Count, true),
        new("given", "reasons given in the row and group", Count, true),
        new("share", "count / given", Share, false),
        new("interval", "95 % Wilson interval of share", Share, false)) with
    { Dimensions = [.. Catalogue.Dimensions, "segment"] };

    public static CatalogueEntry WinBack { get; } = Catalogue.Grouped(
        "win-back", "How far do lapsed regulars come on the way back?",
        new("lapsed", "regulars who lapsed in the row, by their own rhythm", Count, true),
        new("asked", "of them, asked for an answer since", Count, true),
        new("answered", "of those asked, who answered or gave a reason since", Count, true),
        new("returned", "of those who answered, with an order since", Count, true),
        new("askedRate", "asked / lapsed", Share, false),
        new("answeredRate", "answered / asked", Share, false),
        new("returnedRate", "returned / answered", Share, false),
        new("askedReturnedRate", "of those asked, the share with an order since", Share, false),
        new("unaskedReturnedRate", "of those lapsed and not asked, the share with an order since", Share, false));

    public static IReadOnlyList<CatalogueEntry> All { get; } =
        [Nps, Csat, Ces, Complaints, Breaches, OpenComplaints, Detractors, ServiceRecovery, LapseReasons, WinBack];

    private static CatalogueEntry Feedback(string name, string question, params IReadOnlyList<Figure> figures) =>
        Catalogue.Entry(name, question, [.. FeedbackFigures, .. figures]) with
        {
            Version = 2,
            Grains = Catalogue.WithHours,
            Dimensions = [.. Catalogue.Dimensions, .. FeedbackPlan.OwnDimensions],
        };
}
