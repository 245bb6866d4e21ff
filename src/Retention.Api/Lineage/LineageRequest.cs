using System.Globalization;
using Retention.Api.Metrics;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Api.Lineage;

/// <summary>What a request for a lineage says besides what the metric itself is asked.</summary>
/// <param name="Role">Whose rows are wanted.</param>
/// <param name="Cursor">Where the page begins; null for the first.</param>
/// <param name="Customer">The one customer that is asked about; null for all behind the cell.</param>
/// <param name="Events">Which events of that customer are told; null for the latest.</param>
internal sealed record LineageRequest(bool Csv, string Role, int Limit, LineageCursor? Cursor, string? Customer, EventsCursor? Events)
{
    public static readonly string[] Own =
        ["period", "cohort", "k", "outcome", "reason", "group", "groupBy", "role", "cursor", "limit", "customer", "events", "format", "receipt", "compare"];

    /// <summary>The role of who is not in the denominator.</summary>
    public const string Excluded = "excluded";

    private static readonly string[] Roles = ["any", "numerator", "denominator", Excluded];

    private static readonly string[] OfOneCustomer = ["role", "cursor", "limit"];

    /// <exception cref="ProblemException">400 for a wrong query.</exception>
    public static LineageRequest Read(QueryReader query)
    {
        var (csv, role) = (query.Choice("format", ["json", "csv"]) == "csv", query.Choice("role", Roles) ?? "any");
        var limit = query.Limit();
        var cursor = query.Text("cursor") is { } text ? LineageCursor.Parse(text) : null;
        if (query.Has("cursor") && cursor is null) query.Fault("cursor", "unknown_cursor", "must be a nextCursor of this list, or left out for the first page");
        var (customer, events) = (query.Text("customer"), query.Text("events") is { } earlier ? EventsCursor.Parse(earlier) : null);
        if (query.Has("events") && events is null) query.Fault("events", "unknown_cursor", "must be the earlierEvents of this customer's row, or left out for the latest");
        if (events is not null && customer is null) query.Fault("events", "not_allowed", "needs customer, whose events they are");
        foreach (var name in OfOneCustomer)
            if (query.Has(name) && query.Has("customer")) query.Fault(name, "not_allowed", "is for the list; customer asks for one row of it");
        query.Done();
        return new(csv, role, limit, cursor, customer, events);
    }

    /// <summary>The cell that is asked about.</summary>
    /// <exception cref="ProblemException">400 for parameters that name none.</exception>
    public async Task<LineageCell> CellAsync(HttpContext http, QueryReader query, MetricQuestion question, Settings settings)
    {
        var cohorts = question.Metric == Catalogue.Cohorts;
        foreach (var name in (string[])["receipt", "compare"])
            if (query.Has(name)) query.Fault(name, "not_allowed", "is no parameter of a lineage");
        if (query.Text("measure") == "cumulativeRevenuePerCustomer") query.Fault("measure", "not_allowed", "is no sum over customers; ask for cumulativeRevenue");
        var chosen = Chosen(query, question.Metric);
        var group = GroupOf(http, query, question);
        question = question.IsList ? WithoutPeriod(query, question) : OfPeriod(query, question, settings, cohorts ? ("cohort", "period") : ("period", "cohort"));
        query.Done();
        if ((Cursor?.At ?? Events?.At) is var (position, asOf))
            question = question.With("knownAt", position.ToString(CultureInfo.InvariantCulture)).With("asOf", Timestamp.Format(asOf));

        var cell = await LineageCell.AskAsync(http, question, LineageShare.Of(question.Metric, chosen, settings), group);
        if (question.IsList) return cell;
        var rows = AnswerRows.Of(cell.Answer);
        if (rows.Select(row => row.Period).Distinct().Count() > 1) query.Fault("to", "not_allowed", "makes more than one period with from and grain; a lineage is of one");
        if (cohorts && rows is [var row] && !row.Figures.ContainsKey($"k{chosen}.value")) query.Fault("k", "not_allowed", "must be a column of the cohort, as k names it; see periods and brackets");
        query.Done();
        return cell;
    }

    /// <summary>What chooses among the rows of a period: the column of a cohort, an outcome or a reason; null for metrics that have one.</summary>
    private static string? Chosen(QueryReader query, CatalogueEntry metric)
    {
        var own = LineageShare.Choosers.GetValueOrDefault(metric.Name);
        foreach (var (of, name) in LineageShare.Choosers.Where(chooser => chooser.Value != own && query.Has(chooser.Value)))
            query.Fault(name, "not_allowed", $"is for {of}");
        if (own is null) return null;
        if (!query.Has(own)) query.Fault(own, "missing", own == "k" ? "must be a column of the cohort, as k names it" : $"must be the {own} of the row");
        return own == "outcome" ? query.Choice(own, [.. Enum.GetNames<Outcome>().Select(name => name.ToLowerInvariant())]) : query.Text(own);
    }

    /// <summary>The group of a dimension of customers, or of one that answers or complaints have of their own.</summary>
    private static LineageGroup? GroupOf(HttpContext http, QueryReader query, MetricQuestion question)
    {
        var (complaints, answers) = (question.Metric == VoiceCatalogue.Complaints, FeedbackPlan.OfAnswers(question.Metric));
        IReadOnlyList<string> dimensions = complaints ? ComplaintPlan.Dimensions : answers ? [.. QuestionReader.GroupDimensions, .. FeedbackPlan.OwnDimensions] : QuestionReader.GroupDimensions;
        if (question.IsList && query.Has("groupBy")) query.Fault("groupBy", "not_allowed", "is not for lists; filter chooses customers");
        var dimension = query.Choice("groupBy", dimensions);
        if (query.Has("group") && dimension is null) query.Fault("group", "not_allowed", $"needs groupBy, one of {string.Join(", ", dimensions)}");
        if (dimension is null) return null;
        var value = http.Request.Query["group"] is [{ Length: > 0 } named] ? named : null;
        return complaints
            ? ComplaintPlan.OfCustomers(dimension) is { } ofCustomers ? new(ofCustomers, value, false) : new(dimension, value, true)
            : new(dimension, value, FeedbackPlan.OwnDimensions.Contains(dimension));
    }

    private static MetricQuestion OfPeriod(QueryReader query, MetricQuestion question, Settings settings, (string Named, string Other) by)
    {
        if (query.Has(by.Other)) query.Fault(by.Other, "not_allowed", $"is called {by.Named} here");
        if (NamedPeriod.Read(query, by.Named, settings) is { } period) return period.Of(question);
        if (!query.Has("from") || !query.Has("to")) query.Fault(by.Named, "missing", $"{PeriodName.Allowed}; or from and to");
        return question;
    }

    private static MetricQuestion WithoutPeriod(QueryReader query, MetricQuestion list)
    {
        foreach (var name in (string[])["period", "cohort"])
            if (query.Has(name)) query.Fault(name, "not_allowed", "is not for lists, which are of one moment: asOf");
        return list;
    }
}
