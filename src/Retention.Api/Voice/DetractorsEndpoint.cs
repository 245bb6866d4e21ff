using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Api.Voice;

/// <summary>A customer whose last answer to nps is 0 to 6.</summary>
/// <param name="Source">With <paramref name="FeedbackId"/> the answer's event.</param>
/// <param name="OpenComplaints">Complaints that are neither resolved nor withdrawn.</param>
/// <param name="DueAt">Until when the first of them is, or was, to be answered; null where nothing is promised, or none is open.</param>
/// <param name="Age">Days from the answer to asOf.</param>
public sealed record DetractorRow(
    string Customer, int Score, DateTimeOffset AnsweredAt, string? Touchpoint, string? Channel, string Source, string FeedbackId, int OpenComplaints,
    DateTimeOffset? DueAt, double Age, long Position);

/// <summary>
/// <c>GET /v1/segments/detractors</c>: whose last answer to nps, as it stands, makes a detractor. Those with an open complaint come first,
/// the oldest promise before the others; then the longest unhappy.
/// </summary>
public static class DetractorsEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new("cursor", "limit") { Periods = false, Groups = false });
        var (calendar, asOf) = (request.Question.Definition.Calendar, request.Question.AsOf);
        var promise = Domain.Definitions.ServicePromise.Of(request.Settings);
        return await Work.AnswerAsync<Detractor, DetractorRow>(http, (request, VoiceCatalogue.Detractors, []), (customer, list) =>
        {
            if (customer.Answers.LastOrDefault(given => given.Answer.Instrument == Instrument.Nps) is not { Answer: not null, Score: <= 6 } last) return;
            var open = customer.Complaints.Where(complaint => complaint.IsOpen).ToList();
            var due = open.Min(complaint => promise.Of(complaint.Receipt.Channel, complaint.Received)?.Ticks);
            list.Add(customer, due ?? WorkList<Detractor>.Unpromised + last.OccurredAt, PositionOf(customer, last.Answer), new(last, open.Count, due));
        }, (item, stored) =>
        {
            var (given, open, due) = item.Subject;
            return new(
                item.Customer, given.Score, At(given.OccurredAt), given.Answer.Touchpoint, given.Answer.Channel, stored.Headers.Source, stored.Headers.Id, open,
                due is { } ticks ? At(ticks) : null, (double)(asOf.Moment.UtcTicks - given.OccurredAt) / TimeSpan.TicksPerDay, item.Position);
        });

        DateTimeOffset At(long ticks) => calendar.Local(new DateTimeOffset(ticks, TimeSpan.Zero));
    }

    private static long PositionOf(CustomerView customer, Fact.Answer answer)
    {
        for (var i = 0; i < customer.Others.Length; i++)
        {
            if (ReferenceEquals(customer.Others[i].Fact, answer)) return customer.PositionOfOther(i);
        }
        throw new System.Diagnostics.UnreachableException("An answer is one of its customer's facts.");
    }

    private sealed record Detractor(GivenAnswer Given, int Open, long? Due);
}
