using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Retention.Api.Security.Tokens;

/// <summary>
/// Checks tokens that another service signs (JWT, RFC 7519). Only signatures by a private key count (RS, PS and ES of RFC 7518): with a
/// shared secret whoever can check a token could make one.
/// </summary>
public sealed class BearerTokens(TokenOptions options, SigningKeys keys, TimeProvider time)
{
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = 16 * 1024 };

    /// <summary>Whose token this is, and until when it is good.</summary>
    /// <exception cref="ProblemException">401 for a token that is not good here, which says why; 503 while there are no keys to check it by.</exception>
    public async Task<(Caller Caller, DateTimeOffset Until)> ReadAsync(string text, CancellationToken ct)
    {
        var token = Parse(text);
        if (!Algorithms.Contains(token.Alg)) throw Refused($"its algorithm is none of {string.Join(", ", Algorithms)}");
        var key = await keys.FindAsync(token.Kid is { Length: > 0 } id ? id : null, ct) ?? throw Refused("it is signed with a key that its issuer does not publish");
        if (key.Alg is { Length: > 0 } meant && meant != token.Alg) throw Refused("its key is for another algorithm");
        var read = await handler.ValidateTokenAsync(token, Rules(key));
        if (!read.IsValid) throw Refused(Reason(read.Exception));
        using var claims = ReadClaims(token);
        return TokenClaims.Read(claims.RootElement, time.GetUtcNow(), options.ClockSkew);
    }

    internal static ProblemException Refused(string reason) => new(401, "invalid_token", $"The token is not good here: {reason}.")
    {
        Challenge = "Bearer realm=\"retention\", error=\"invalid_token\"",
    };

    private JsonWebToken Parse(string text)
    {
        try
        {
            return handler.ReadJsonWebToken(text);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            throw Refused("it is neither a key nor a token");
        }
    }

    /// <summary>Times are left out: the handler looks at a clock of its own.</summary>
    private TokenValidationParameters Rules(SecurityKey key) => new()
    {
        ValidIssuer = options.Issuer,
        ValidAudience = options.Audience,
        ValidAlgorithms = Algorithms,
        IssuerSigningKey = key,
        TryAllIssuerSigningKeys = false,
        RequireSignedTokens = true,
        ValidateLifetime = false,
    };

    private static string Reason(Exception fault) => fault switch
    {
        SecurityTokenInvalidIssuerException => "its issuer (iss) is not the one that is trusted here",
        SecurityTokenInvalidAudienceException => "it is meant for another audience (aud)",
        _ => "its signature is not its issuer's",
    };

    private static JsonDocument ReadClaims(JsonWebToken token)
    {
        try
        {
            return JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload), Strict);
        }
        catch (JsonException)
        {
            throw Refused("its claims are not JSON without repeated members");
        }
    }
}
