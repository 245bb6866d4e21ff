using System.Diagnostics;
using Retention.Domain.Events;

namespace Retention.Projections.EventLog;

/// <summary>An event on its way into the log.</summary>
/// <param name="Type">The stored name, Marten's alias.</param>
/// <param name="DotNetType"><c>Namespace.Type, Assembly</c>: a daemon of Marten stops at an event without it.</param>
/// <param name="Id">From <see cref="EventId"/>, without retractions: what makes a repeat a repeat.</param>
/// <param name="Data">UTF-8 JSON as stored, free text and personal attributes sealed.</param>
/// <param name="ExpectedVersion">The version that the stream must have before this append (0: no event yet); null: any.</param>
public sealed record NewEvent(
    string Stream, string Type, string DotNetType, Guid Id, byte[] Data, EventHeaders Headers, long? ExpectedVersion = null)
{
    /// <summary>The event that this one retracts; null for every other event.</summary>
    public SentId? Retracts { get; init; }

    /// <summary>Its content hash where its attributes are stored in clear, as they were before they were sealed; null where it has none to seal.</summary>
    public string? ClearHash { get; init; }

    /// <summary>The span of its append, kept with it in Marten's columns for correlation and causation; null where none is recorded.</summary>
    public Activity? Span { get; init; }

    internal SentId Sent => new(Headers.Source, Headers.Id);
}

/// <summary>What a sender calls an event.</summary>
public readonly record struct SentId(string Source, string Id)
{
    /// <inheritdoc cref="EventId.Of"/>
    public Guid ToEventId(string tenant, int retractions = 0) => EventId.Of(tenant, Source, Id, retractions);
}
