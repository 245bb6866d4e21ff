using Microsoft.OpenApi;

namespace Retention.Api.OpenApi;

/// <summary>What the parameters of a query string mean, for the description of the API.</summary>
internal static class QueryParameters
{
    private static readonly Dictionary<string, string> Meanings = new(StringComparer.Ordinal)
    {
        ["activity"] = "How long an order keeps its customer active: window:Nd, such as window:60d.",
        ["acquisitionCost"] = "Cost of a new customer, in major units.",
        ["after"] = "The position after which to begin.",
        ["alignment"] = "calendar: periods of the calendar; rolling: by each customer's own clock.",
        ["asOf"] = "The moment of evaluation: an RFC 3339 time, or a date for its local start. Facts at or after it are ignored.",
        ["brackets"] = "Ranges of periods in place of single ones, such as 1-3,4-6,7+.",
        ["compare"] = "previous: each row beside the period before.",
        ["completeness"] = "true: each row says which share of its events is known by now.",
        ["cursor"] = "nextCursor of the page before.",
        ["customer"] = "Only the events of this customer.",
        ["dedup"] = "all answers, or each customer's latest.",
        ["discountRate"] = "A year, as a fraction.",
        ["dryRun"] = "true: report what would be stored, and store nothing.",
        ["entry"] = "first: a customer is in the cohort of its first activity; every: in one for every period with activity.",
        ["filter"] = "Whose facts count: country:FI,SE, channel:web, tier:gold, product:sku-1, spend:>=100 …; may be repeated.",
        ["format"] = "json, csv or ndjson; else by Accept.",
        ["from"] = "First local day, widened to a whole period; a local time for grain=hour.",
        ["grain"] = "Length of a period: hour, day, week, month, quarter or year.",
        ["groupBy"] = "Dimension of groups: channel, country, campaign, tier.",
        ["horizon"] = "Days ahead that are predicted.",
        ["limit"] = "Rows of a page.",
        ["margin"] = "Share of revenue; by default that of the orders that state one.",
        ["mapping"] = "How rows of the file become events.",
        ["measure"] = "What cells hold: customers, orders, revenue, cumulativeRevenue or cumulativeRevenuePerCustomer.",
        ["minOrders"] = "Customers with at least so many orders.",
        ["minPosition"] = "Wait until this log position is reflected, for at most 30 s.",
        ["mode"] = "When a customer counts as returned: on, on_or_after, on_or_before, or survival (still active).",
        ["model"] = "bg-nbd, mbg-nbd or pareto-nbd; by default the last one fitted.",
        ["periods"] = "The last column.",
        ["refunds"] = "order: a refund counts on the day of its order; refund: on its own.",
        ["return"] = "What counts as returning: order, registration, complaint, feedback or any.",
        ["start"] = "What begins a cohort: order, registration, complaint, feedback or any.",
        ["status"] = "active, lapsed or none.",
        ["to"] = "The local day after the last.",
        ["type"] = "Only events of this type.",
        ["tz"] = "Time zone of the tz database; by default the tenant's.",
        ["window"] = "Trailing window: PnD.",
    };

    public static OpenApiParameter Described(string name) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = Meanings.GetValueOrDefault(name),
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
