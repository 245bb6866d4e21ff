namespace Retention.Api.Security.Tokens;

/// <summary>Whose tokens (JWT, RFC 7519) are let in beside keys.</summary>
/// <param name="Issuer">What the claim <c>iss</c> must be, letter by letter.</param>
/// <param name="Audience">What the claim <c>aud</c> must be, or contain.</param>
/// <param name="Keys">Where the issuer's public keys (a JWK set, RFC 7517) are: an https URL, an http URL of this machine, or a file.</param>
public sealed record TokenOptions(string Issuer, string Audience, string Keys)
{
    /// <summary>By how much the issuer's clock may differ from this one.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After how long the keys are read again, so that one that the issuer withdrew is not believed for ever.</summary>
    public TimeSpan KeysAreFreshFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The least time between two reads, whatever tokens are sent: made-up key ids shall not flood the issuer.</summary>
    public TimeSpan BetweenReads { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with these options; null for nothing.</summary>
    public string? Fault() =>
        Issuer.Length == 0 ? "The issuer of tokens has no name."
        : Audience.Length == 0 ? "The audience of tokens has no name."
        : Url is { } url && url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback ? $"Keys of tokens come by https only, not from {Keys}."
        : Url is null && !File.Exists(Keys) ? $"There is no file {Keys} with keys of tokens."
        : null;

    /// <summary>Null for a file.</summary>
    internal Uri? Url => Uri.TryCreate(Keys, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;
}
