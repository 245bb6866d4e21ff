using Retention.Api.Metrics;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Api.Customers;

/// <summary>A customer in figures, as of the moment; amounts in major units.</summary>
/// <param name="CustomerSince">The day of the first valid order; null before one.</param>
/// <param name="Status">active, lapsed, or none before an order.</param>
/// <param name="LapsesOn">The day on which the current span of activity ends, or the last one ended.</param>
public sealed record CustomerRow(
    string Customer, DateOnly? CustomerSince, int Orders, decimal Revenue, double? AverageOrderValue, int PurchaseDays, DateOnly? LastPurchase, string Status,
    DateOnly? LapsesOn, int Reactivations, int Complaints, int OpenComplaints, int Answers, SortedDictionary<string, string> Attributes)
{
    internal static CustomerRow Of(string id, CustomerView customer, MetricRequest request)
    {
        var (orders, spans) = (customer.Orders.ToArray(), customer.Spans.ToArray());
        var (revenue, complaints) = (customer.Revenue, customer.Complaints);
        return new(
            id, orders is [] ? null : orders[0].Day, orders.Length, Currency.FromUnits(revenue, request.MoneyDigits), PerUnit.Money(revenue, orders.Length),
            orders.Select(order => order.Day).Distinct().Count(), orders is [] ? null : orders[^1].Day, StatusOf(customer, request.Question.AsOf),
            spans is [] ? null : spans[^1].End, Math.Max(0, spans.Length - 1), complaints.Count, complaints.Count(complaint => complaint.IsOpen),
            customer.Answers.Count, new(customer.Attributes().ToDictionary(), StringComparer.Ordinal));
    }

    /// <summary>As a caller may see it.</summary>
    internal CustomerRow For(Caller caller) =>
        caller.ReadsPersonal ? this : this with { Attributes = new(Impersonal.Of(Attributes).ToDictionary(), StringComparer.Ordinal) };

    /// <summary>A lapse is in effect once its day is over, as in the retention waterfall.</summary>
    internal static string StatusOf(CustomerView customer, AsOf asOf) =>
        customer.Spans is not [.., var last] ? "none" : last.End < asOf.Day ? "lapsed" : "active";
}

/// <param name="Parameters">The question with all defaults.</param>
/// <param name="NextCursor">The cursor of the next page; null at the end of the list.</param>
public sealed record CustomerListAnswer(
    Dictionary<string, object?> Parameters, DateTimeOffset AsOf, long Position, string? NextCursor, IReadOnlyList<CustomerRow> Rows);

/// <summary><c>GET /v1/customers</c>: everybody of whom anything is known as of the moment, in order of ids.</summary>
public static class CustomerListEndpoint
{
    private static readonly string[] Statuses = ["active", "lapsed", "none"];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new(["status", .. PageRequest.Parameters]) { Periods = false, Groups = false, Receipts = false });
        var (asked, status) = (PageRequest.Read(request.Query), request.Query.Choice("status", Statuses));
        request.Query.Done();
        var folded = await request.Snapshot.FoldAsync(request.Question, () => new Page<CustomerRow>(asked), (customer, page) =>
        {
            if (!page.Wants(customer) || customer.IsUnknown) return;
            if (status is not null && status != CustomerRow.StatusOf(customer, request.Question.AsOf)) return;
            page.Add(customer, CustomerRow.Of(Page<CustomerRow>.IdOf(customer), customer, request));
        }, http.RequestAborted);
        var (found, nextCursor) = folded.Single().Cells.Take();
        var rows = await WithAttributesAsync(http, request, found);
        nextCursor = Page<CustomerRow>.Link(http, nextCursor);
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, rows);
        var parameters = request.Parameters();
        parameters["status"] = status;
        parameters["limit"] = asked.Limit;
        return Results.Json(new CustomerListAnswer(parameters, request.Question.AsOf.Moment, request.Snapshot.Reflection.Position, nextCursor, rows), MetricAnswer.Json);
    }

    /// <summary>The rows of a page with the attributes that the caller may see: memory, which folds read, holds no personal ones.</summary>
    private static async Task<IReadOnlyList<CustomerRow>> WithAttributesAsync(HttpContext http, MetricRequest request, IReadOnlyList<CustomerRow> rows)
    {
        if (!Caller.Of(http).ReadsPersonal) return [.. rows.Select(row => row.For(Caller.Of(http)))];
        var question = request.Question;
        var customers = await request.Snapshot.IdentitiesAsync(rows.Select(row => row.Customer), question.KnownAt, http.RequestAborted);
        var view = new CustomerView(question.Definition, question.AsOf.Moment.UtcTicks, question.KnownAt)
        {
            Open = await request.Snapshot.OpenerAsync([.. customers.Values.SelectMany(customer => customer.Members)], http.RequestAborted),
        };
        return [.. rows.Select(row => row with
        {
            Attributes = new(view.Look(Columns.Of((row.Customer, customers[row.Customer].History.Entries)), 0).Attributes().ToDictionary(), StringComparer.Ordinal),
        })];
    }
}
