namespace Retention.Projections.EventLog;

/// <summary>The server or its schema would break a promise of the log; the message says which, and what to change.</summary>
public sealed class UnfitServerException(string message) : Exception(message);
