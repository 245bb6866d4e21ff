using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>Reads a member of an event from a row; null where it is absent.</summary>
internal delegate JsonNode? ReadMember(Row row);

/// <summary>What a row becomes by a mapping file: one event, if <paramref name="When"/> holds.</summary>
/// <param name="When">Columns, and the values of which each must have one.</param>
/// <param name="GroupBy">Rows for which it is the same are one event, whose lists they share; null where each row is one.</param>
internal sealed record CustomEvent(
    EventType Type, IReadOnlyList<(int Column, IReadOnlyList<string> Values)> When, Template Id, Template Customer, Template OccurredAt, Template? GroupBy,
    IReadOnlyList<(string Name, ReadMember Read)> Members)
{
    /// <summary>Whether customers are told by an address, which becomes a <see cref="Pseudonym"/>.</summary>
    public bool Pseudonymize { get; init; }

    public bool Fits(Row row) => When.All(condition => condition.Values.Contains(row.FreeText(condition.Column).Trim()));

    /// <summary>The event of a row; null where the row names no customer. The row's fault says what cannot be read.</summary>
    public Draft? Make(Row row, CustomFormats formats)
    {
        var customer = Customer.Fill(row);
        if (customer.Length == 0) return null;
        var (id, time) = (Id.Fill(row), OccurredAt.Fill(row));
        row.Require(id.Length > 0, Id.Column ?? 0, "missing_value", "is required for the id");
        var at = formats.Time(time);
        row.Require(at is not null, OccurredAt.Column ?? 0, "not_a_time", "must be a time in one of the mapping's timeFormats, or RFC 3339");
        var data = new JsonObject();
        foreach (var (name, read) in Members)
            if (read(row) is { } value) data[name] = value;
        return new Draft(this, id, Pseudonymize ? Pseudonym.Of(customer) : customer, at ?? default, data);
    }
}

/// <summary>An event that more rows may add to.</summary>
internal sealed record Draft(CustomEvent Of, string Id, string Customer, DateTimeOffset OccurredAt, JsonObject Data)
{
    /// <summary>Takes over the items of another row's lists.</summary>
    public void Add(Draft row)
    {
        foreach (var (name, value) in row.Data)
        {
            if (value is not JsonArray items) continue;
            if (Data[name] is not JsonArray all) Data[name] = all = [];
            foreach (var item in items) all.Add(item?.DeepClone());
        }
    }

    public Envelope ToEnvelope(string source) => new(source, Id, Of.Type.Name, Customer, OccurredAt, JsonSerializer.SerializeToElement(Data));
}
