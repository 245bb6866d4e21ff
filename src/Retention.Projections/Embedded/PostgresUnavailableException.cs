namespace Retention.Projections.Embedded;

/// <summary>No PostgreSQL could be found, installed, started or stopped; the message says what to do about it.</summary>
public sealed class PostgresUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
