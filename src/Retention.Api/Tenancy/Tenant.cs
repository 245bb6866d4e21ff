using System.Text.RegularExpressions;
using Retention.Domain.Events;

namespace Retention.Api.Tenancy;

/// <summary>The tenant that a request speaks for: the header <c>Retention-Tenant</c>, or <c>default</c>.</summary>
public sealed partial record Tenant(string Name)
{
    public const string Header = "Retention-Tenant";

    public const string Allowed = "1 to 63 characters of a–z, 0–9 and -, not starting with -";

    /// <summary>Binds a handler's parameter.</summary>
    public static ValueTask<Tenant?> BindAsync(HttpContext context)
    {
        var names = context.Request.Headers[Header];
        if (names.Count == 0) return ValueTask.FromResult<Tenant?>(new Tenant("default"));
        if (names.Count == 1 && IsName(names[0]!)) return ValueTask.FromResult<Tenant?>(new Tenant(names[0]!));
        throw new ProblemException(400, "invalid_tenant", $"{Header} must be one name of {Allowed}.", new Fault(Header, "invalid_tenant", $"must be {Allowed}"));
    }

    public static bool IsName(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z")]
    private static partial Regex Pattern();
}
