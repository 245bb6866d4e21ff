using System.Diagnostics.CodeAnalysis;

namespace Retention.Domain.Events;

/// <summary>How streams are named: one for each customer, and one each for the tenant's settings, fitted models, closed periods and acts of administration.</summary>
public static class CustomerStream
{
    public const string Prefix = "customer-";

    /// <summary>The stream of the tenant's settings.</summary>
    public const string Settings = "settings";

    /// <summary>The stream of the tenant's fitted models.</summary>
    public const string Models = "models";

    /// <summary>The stream of the tenant's closed periods.</summary>
    public const string Periods = "periods";

    /// <summary>The stream of the tenant's acts of administration.</summary>
    public const string Audit = "audit";

    public static string Of(string customer) => Prefix + customer;

    /// <summary>The customer whose stream this is; false for settings, models, tombstones and streams of others.</summary>
    public static bool TryCustomer(string stream, [NotNullWhen(true)] out string? customer)
    {
        customer = stream.StartsWith(Prefix, StringComparison.Ordinal) ? stream[Prefix.Length..] : null;
        return customer is not null;
    }
}
