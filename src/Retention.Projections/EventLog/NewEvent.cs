namespace Retention.Projections.EventLog;

/// <summary>An event on its way into the log.</summary>
/// <param name="Type">The stored name, Marten's alias.</param>
/// <param name="DotNetType"><c>Namespace.Type, Assembly</c>: a daemon of Marten stops at an event without it.</param>
/// <param name="Id">From <see cref="Domain.Events.EventId"/>: what makes a repeat a repeat.</param>
/// <param name="Data">UTF-8 JSON as stored, free text sealed.</param>
/// <param name="ExpectedVersion">The version that the stream must have before this append (0: no event yet); null: any.</param>
public sealed record NewEvent(
    string Stream, string Type, string DotNetType, Guid Id, byte[] Data, EventHeaders Headers, long? ExpectedVersion = null);
