using System.Text.Json;
using Retention.Api.Tenancy;
using Retention.Projections.Security;

namespace Retention.Api.Security.Tokens;

/// <summary>
/// What a token says that its issuer has signed: <c>tenant</c> is the only tenant that its bearer speaks for, <c>scope</c> (words, or an array
/// of them) what it may do, from <c>nbf</c> until <c>exp</c>, and <c>sub</c> who it is.
/// </summary>
internal static class TokenClaims
{
    private const int LongestSubject = 100;

    /// <summary>Beyond any token's life, and within what the calendar can hold.</summary>
    private const double LastSecond = 253_000_000_000;

    public static (Caller Caller, DateTimeOffset Until) Read(JsonElement claims, DateTimeOffset now, TimeSpan skew)
    {
        var until = Time(claims, "exp") + skew ?? throw BearerTokens.Refused("it never expires (exp)");
        if (now >= until) throw BearerTokens.Refused("it has expired (exp)");
        if (now < Time(claims, "nbf") - skew) throw BearerTokens.Refused("it is not valid yet (nbf)");
        var tenant = Text(claims, "tenant");
        if (tenant is null || !Tenant.IsName(tenant)) throw BearerTokens.Refused($"its claim tenant is not a name of {Tenant.Allowed}");
        return (new Caller(tenant, $"token:{Subject(claims)}", [.. ScopesOf(claims).Where(Scopes.All.Contains).Distinct()]), until);
    }

    private static DateTimeOffset? Time(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out var claim)) return null;
        return claim.ValueKind == JsonValueKind.Number && claim.TryGetDouble(out var seconds) && seconds is >= 0 and <= LastSecond
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : throw BearerTokens.Refused($"its claim {name} is not a time in seconds");
    }

    /// <summary>Words that are no scope of this service are passed over: a token may be meant for others too.</summary>
    private static string[] ScopesOf(JsonElement claims)
    {
        if (!claims.TryGetProperty("scope", out var scope)) return [];
        return scope.ValueKind switch
        {
            JsonValueKind.String => scope.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.Array => [.. scope.EnumerateArray().Where(word => word.ValueKind == JsonValueKind.String).Select(word => word.GetString()!)],
            _ => throw BearerTokens.Refused("its claim scope is neither words nor an array of them"),
        };
    }

    /// <summary>As the audit names it: letters of any subject, cut where it is long.</summary>
    private static string Subject(JsonElement claims) =>
        Text(claims, "sub") is { Length: > 0 } subject && subject.All(letter => letter is > ' ' and < '\x7f') ? subject[..Math.Min(subject.Length, LongestSubject)] : "unnamed";

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
}
