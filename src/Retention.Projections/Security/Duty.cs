namespace Retention.Projections.Security;

/// <summary>
/// What a session of the service is for. Each is a database role that nobody signs in as, with the rights that this takes and no others, see
/// <c>rights.sql</c>.
/// </summary>
public enum Duty
{
    /// <summary>Reads the log and everything beside it, of all tenants, and changes nothing.</summary>
    Read,

    /// <summary>Stores events, and what comes with them: a tenant, keys of customers, counts of retractions, reports of imports.</summary>
    Append,

    /// <summary>Keeps histories and read models, which belong to this role, and makes them anew; stores no event.</summary>
    Project,

    /// <summary>Erases customers, deletes tenants, sets secrets of webhooks, skips events.</summary>
    Administer,
}

/// <summary>The roles by their duties.</summary>
public static class Duties
{
    /// <summary>What the service's user must be a member of, besides <see cref="TenantRole.Name"/>.</summary>
    public static IReadOnlyList<string> Roles { get; } = [.. Enum.GetValues<Duty>().Select(Role)];

    public static string Role(this Duty duty) => duty switch
    {
        Duty.Read => "retention_log",
        Duty.Append => "retention_append",
        Duty.Project => "retention_project",
        Duty.Administer => "retention_admin",
        _ => throw new ArgumentOutOfRangeException(nameof(duty), duty, "No such duty."),
    };
}
