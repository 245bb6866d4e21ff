using System.Buffers;
using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>What every event keeps, wherever it comes from: names that can be addressed, and a time that can have been.</summary>
internal static class EnvelopeRules
{
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(char.IsControl)]);
    private static readonly TimeSpan Future = TimeSpan.FromHours(24);
    private static readonly DateTimeOffset Earliest = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Check(Envelope envelope, DateTimeOffset now, List<Fault> faults)
    {
        Note("id", FaultOf(envelope.Id));
        Note("source", FaultOf(envelope.Source));
        Note("customer", FaultOfCustomer(envelope.Customer));
        if (envelope.OccurredAt > now + Future)
            faults.Add(new Fault("occurredAt", "in_future", $"may lie at most 24 hours in the future; the service's clock says {Timestamp.Format(now)}"));
        else if (envelope.OccurredAt < Earliest)
            faults.Add(new Fault("occurredAt", "out_of_range", "may not lie before 1900-01-01"));

        void Note(string member, (string Code, string Message)? fault)
        {
            if (fault is var (code, message)) faults.Add(new Fault(member, code, message));
        }
    }

    /// <summary>What is wrong with a name; null where nothing is.</summary>
    public static (string Code, string Message)? FaultOf(string name) =>
        name.Length is 0 or > Fields.MaxName ? ("wrong_length", $"must have 1 to {Fields.MaxName} characters")
        : name.AsSpan().ContainsAny(Controls) ? ("control_character", "may not hold control characters")
        : null;

    public static (string Code, string Message)? FaultOfCustomer(string customer) =>
        customer is "." or ".." ? ("not_allowed", "may not be . or .., which no URL can name") : FaultOf(customer);
}
