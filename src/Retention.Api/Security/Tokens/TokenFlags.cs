using System.CommandLine;

namespace Retention.Api.Security.Tokens;

/// <summary>The three words that name an issuer of tokens.</summary>
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
    }

    /// <summary>What is given, by the members of the configuration.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Words(ParseResult parsed) =>
        from option in ((string Member, Option<string?> Option)[])[("tokenIssuer", issuer), ("tokenAudience", audience), ("tokenKeys", keys)]
        let given = parsed.GetValue(option.Option)
        where given is not null
        select KeyValuePair.Create(option.Member, (string?)given);
}
