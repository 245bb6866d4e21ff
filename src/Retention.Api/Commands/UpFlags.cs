using System.CommandLine;
using Retention.Api.Configuration;

namespace Retention.Api.Commands;

/// <summary>
/// The words of <c>retention up</c>: members of the configuration, spelled as flags. What they may be is said by
/// <see cref="ConfigurationRules"/>, wherever a member comes from.
/// </summary>
internal sealed class UpFlags
{
    private static readonly ServiceConfiguration Defaults = new();

    private readonly Option<string?> config = ConfigCommand.FileOption();

    private readonly (string Member, Option<string?> Option)[] texts =
    [
        Text(nameof(Defaults.Port), "N", "Port to listen on", Defaults.Port),
        Text(nameof(Defaults.Listen), "ADDRESS", "Address to listen on, such as 0.0.0.0, in place of the loopback interface; needs a key (retention keys create)"),
        Text(nameof(Defaults.Connection), "STRING", "Connection string (Npgsql's form) of a PostgreSQL to use in place of a private one"),
        Text(nameof(Defaults.OwnerConnection), "STRING", "The same database as the owner of the tables, for migrations alone; --connection is then of a user who owns nothing"),
        Text(nameof(Defaults.HistoryMemory), "MB", "Memory in MB that histories may take, so that questions beyond the defaults are answered fast", Defaults.HistoryMemory),
        Text(nameof(Defaults.RebuildMemory), "MB", "Memory in MB that a rebuild or replay may take; what does not fit is spilled to the temporary folder", Defaults.RebuildMemory),
        Text(nameof(Defaults.TokenIssuer), "ISSUER", "Let in JWTs of this issuer (claim iss) beside keys"),
        Text(nameof(Defaults.TokenAudience), "AUDIENCE", "What the claim aud of such a token must contain"),
        Text(nameof(Defaults.TokenKeys), "URL|FILE", "The issuer's public keys (JWK set): an https URL or a file"),
    ];

    private readonly Option<string> data = DataOption.Create();
    private readonly Option<bool> noDemo = new("--no-demo") { Description = "Do not load the demo tenant" };

    private readonly Option<bool> noProjections = new("--no-projections")
    {
        Description = "Only take events in and answer: another process on the same database keeps the read models",
    };

    private readonly Option<string[]> origins = new(EffectiveConfiguration.FlagOf(nameof(Defaults.Origins)))
    {
        Description = "Origin whose pages may ask this service, such as https://bi.example.com; may be given more than once",
        HelpName = "ORIGIN",
    };

    public IEnumerable<Option> All => [config, data, .. texts.Select(text => text.Option), origins, noDemo, noProjections];

    /// <summary>What holds where these words are given.</summary>
    /// <exception cref="ConfigurationException">A member is not allowed.</exception>
    public ServiceConfiguration Read(ParseResult parsed) => EffectiveConfiguration.Load(parsed.GetValue(config), Words(parsed)).Values;

    private static (string Member, Option<string?> Option) Text(string member, string name, string description, string? usual = null)
    {
        var option = new Option<string?>(EffectiveConfiguration.FlagOf(member)) { Description = description, HelpName = name };
        if (usual is not null) option.DefaultValueFactory = _ => usual;
        return (member, option);
    }

    private IEnumerable<KeyValuePair<string, string?>> Words(ParseResult parsed)
    {
        foreach (var (member, option) in texts.Select(text => (text.Member, (Option)text.Option)).Append((nameof(Defaults.Data), data)))
        {
            if (parsed.GetResult(option) is { Implicit: false, Tokens: [.., var last] }) yield return new(member, last.Value);
        }
        if (parsed.GetValue(noDemo)) yield return new(nameof(Defaults.Demo), "false");
        if (parsed.GetValue(noProjections)) yield return new(nameof(Defaults.Projections), "false");
        foreach (var (at, origin) in (parsed.GetValue(origins) ?? []).Index()) yield return new($"{nameof(Defaults.Origins)}:{at}", origin);
    }
}
