using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>Reads what is asked of cohorts from a query string, and refuses what contradicts itself.</summary>
internal static class CohortParameters
{
    private static readonly string[] Entries = ["first", "every"];
    private static readonly string[] Kinds = ["order", "registration", "complaint", "feedback", "any"];
    private static readonly string[] Modes = ["on", "on_or_after", "on_or_before", "survival"];
    private static readonly string[] Measures = ["customers", "orders", "revenue", "cumulativeRevenue", "cumulativeRevenuePerCustomer"];
    private static readonly string[] Alignments = ["calendar", "rolling"];
    private static readonly string[] Summaries = ["pooled", "simple"];

    private static readonly Dictionary<Grain, int> DefaultColumns = new()
    {
        [Grain.Hour] = 24,
        [Grain.Day] = 30,
        [Grain.Week] = 12,
        [Grain.Month] = 12,
        [Grain.Quarter] = 8,
        [Grain.Year] = 5,
    };

    public static IReadOnlyList<string> Names { get; } =
        ["entry", "start", "return", "mode", "measure", "alignment", "periods", "brackets", "minOrders", "summary"];

    public static CohortQuestion Read(QueryReader query, Grain grain)
    {
        var asked = new CohortQuestion(ColumnsOf(query, grain))
        {
            Entry = (CohortEntry)Choice(query, "entry", Entries),
            Start = (CohortActivity)Choice(query, "start", Kinds),
            Return = (CohortActivity)Choice(query, "return", Kinds),
            Mode = (CohortMode)Choice(query, "mode", Modes),
            Measure = (CohortMeasure)Choice(query, "measure", Measures),
            Alignment = (CohortAlignment)Choice(query, "alignment", Alignments),
            Summary = (CohortSummaryKind)Choice(query, "summary", Summaries),
            MinOrders = (int)(query.Whole("minOrders", 1, 1_000) ?? 1),
        };
        RefuseContradictions(query, asked, grain);
        query.Done();
        return asked;
    }

    /// <summary>The question as it was understood, defaults included.</summary>
    public static void Echo(Dictionary<string, object?> parameters, CohortQuestion asked)
    {
        var brackets = asked.Columns.AreBrackets;
        parameters["mode"] = Modes[(int)asked.Mode];
        parameters["measure"] = Measures[(int)asked.Measure];
        parameters["entry"] = Entries[(int)asked.Entry];
        parameters["start"] = Kinds[(int)asked.Start];
        parameters["return"] = Kinds[(int)asked.Return];
        parameters["alignment"] = Alignments[(int)asked.Alignment];
        parameters["periods"] = brackets ? null : asked.Columns.LastPeriod;
        parameters["brackets"] = brackets ? string.Join(',', asked.Columns.All.Skip(1)) : null;
        parameters["minOrders"] = asked.MinOrders;
        parameters["summary"] = Summaries[(int)asked.Summary];
    }

    private static CohortColumns ColumnsOf(QueryReader query, Grain grain)
    {
        var periods = query.Whole("periods", 0, CohortColumns.MostPeriods);
        if (query.Text("brackets") is not { } brackets) return CohortColumns.Through((int)(periods ?? DefaultColumns[grain]));
        var (columns, fault) = CohortColumns.Parse(brackets);
        if (columns is null) query.Fault("brackets", "not_allowed", fault!);
        else if (periods < columns.LastPeriod)
            query.Fault("periods", "not_allowed", $"ends before the last of the brackets, period {columns.LastPeriod}; leave it out");
        return columns ?? CohortColumns.Through(0);
    }

    private static void RefuseContradictions(QueryReader query, CohortQuestion asked, Grain grain)
    {
        var survival = asked.Mode == CohortMode.Survival;
        var measure = Measures[(int)asked.Measure];
        Refuse(!asked.CountsCustomers && asked.Mode != CohortMode.On, "mode", $"must be on for measure {measure}");
        Refuse(!asked.CountsCustomers && asked.Return != CohortActivity.Order, "return", $"must be order for measure {measure}");
        Refuse(!asked.CountsCustomers && asked.MinOrders > 1, "minOrders", $"must be 1 for measure {measure}; it is for measure customers");
        Refuse(survival && asked.Entry != CohortEntry.First, "entry", "must be first for mode survival");
        Refuse(survival && asked.Return != CohortActivity.Order, "return", "must be order for mode survival, where orders make active");
        Refuse(survival && asked.MinOrders > 1, "minOrders", "must be 1 for mode survival; it is for modes on, on_or_after and on_or_before");
        Refuse(survival && grain == Grain.Hour, "mode", "must be one of on, on_or_after, on_or_before for grain hour");
        var rolling = asked.Alignment == CohortAlignment.Rolling;
        Refuse(rolling && asked.Entry != CohortEntry.First, "alignment", "must be calendar for entry every; rolling is for entry first");
        Refuse(asked.MinOrders > 1 && asked.Return != CohortActivity.Order, "minOrders", "counts orders, and must be 1 unless return is order");

        void Refuse(bool contradicts, string name, string message)
        {
            if (contradicts) query.Fault(name, "not_allowed", message);
        }
    }

    private static int Choice(QueryReader query, string name, string[] allowed) =>
        query.Choice(name, allowed) is { } text ? Array.IndexOf(allowed, text) : 0;
}
