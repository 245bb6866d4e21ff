using System.CommandLine;

namespace Retention.Api.Security.Tokens;

/// <summary>The three options that name an issuer of tokens; one is nothing without the others.</summary>
internal sealed class TokenFlags
{
    private readonly Option<string?> issuer = new("--token-issuer") { Description = "Let in JWTs of this issuer (claim iss) beside keys", HelpName = "ISSUER" };
    private readonly Option<string?> audience = new("--token-audience") { Description = "What the claim aud of such a token must contain", HelpName = "AUDIENCE" };
    private readonly Option<string?> keys = new("--token-keys") { Description = "The issuer's public keys (JWK set): an https URL or a file", HelpName = "URL|FILE" };

    public void AddTo(Command command)
    {
        command.Options.Add(issuer);
        command.Options.Add(audience);
        command.Options.Add(keys);
        command.Validators.Add(result =>
        {
            if (new[] { issuer, audience, keys }.Count(option => result.GetValue(option) is not null) is 1 or 2)
                result.AddError("--token-issuer, --token-audience and --token-keys are given together.");
        });
    }

    /// <returns>Null where none is given.</returns>
    public TokenOptions? Read(ParseResult parsed) =>
        parsed.GetValue(issuer) is { } named ? new TokenOptions(named, parsed.GetValue(audience)!, parsed.GetValue(keys)!) : null;
}
