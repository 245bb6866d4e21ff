using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Memory;

namespace Retention.Api.Configuration;

/// <summary>The configuration cannot be used; each line names a member, where it stands, and what is allowed.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// What holds of the defaults, the file, the environment and the words of the command line: the last of these that names a member decides.
/// </summary>
internal sealed class EffectiveConfiguration
{
    /// <summary>The file that is read where none is named, in the folder of the clone or else the current one.</summary>
    public const string DefaultFile = "retention.json";

    /// <summary>Names the file in place of <c>--config</c>.</summary>
    public const string FileVariable = Prefix + "CONFIG";

    private const string Prefix = "RETENTION_";
    private const string InEnvironment = "environment";
    private const string InWords = "command line";

    private static readonly PropertyInfo[] Members = typeof(ServiceConfiguration).GetProperties();

    private readonly IConfigurationRoot root;
    private readonly IReadOnlyList<string> places;

    private EffectiveConfiguration(IConfigurationRoot root, IReadOnlyList<string> places)
    {
        (this.root, this.places) = (root, places);
        root.Bind(Values);
    }

    public ServiceConfiguration Values { get; } = new();

    /// <param name="file">As <c>--config</c> names it; null where it does not.</param>
    /// <param name="words">Members that the command line gives.</param>
    /// <exception cref="ConfigurationException">The file cannot be read, or a member is unknown or not allowed.</exception>
    public static EffectiveConfiguration Load(string? file, IEnumerable<KeyValuePair<string, string?>> words)
    {
        var all = Read(file, words);
        var faults = new ConfigurationRules().Validate(all.Values).Errors;
        return faults.Count == 0
            ? all
            : throw new ConfigurationException(string.Join('\n', faults.Select(fault => $"{all.Told(fault.PropertyName)} {fault.ErrorMessage}.")));
    }

    /// <summary>The same without a look at what members say.</summary>
    internal static EffectiveConfiguration Read(string? file, IEnumerable<KeyValuePair<string, string?>> words)
    {
        var sources = new List<(string Place, List<KeyValuePair<string, string?>> Members)>();
        if (FileOf(file) is { } path) sources.Add((path, ReadFile(path)));
        sources.Add((InEnvironment, Listed(Variables())));
        sources.Add((InWords, [.. words]));
        // A list is taken whole from the last that has one.
        var last = sources.FindLastIndex(source => source.Members.Exists(IsOrigin));
        for (var before = 0; before < last; before++) sources[before].Members.RemoveAll(IsOrigin);
        var builder = new ConfigurationBuilder();
        foreach (var (_, members) in sources) builder.Add(new MemoryConfigurationSource { InitialData = members });
        return new EffectiveConfiguration(builder.Build(), [.. sources.Select(source => source.Place)]);
    }

    /// <summary>Every member with its value as it may be shown, and where that comes from.</summary>
    public IEnumerable<(string Member, string? Value, string From)> Shown()
    {
        foreach (var member in Members)
        {
            var value = member.GetValue(Values) switch
            {
                IList<string> list => string.Join(", ", list),
                IDictionary<string, string> all => string.Join(", ", all.Select(pair => $"{NameOf(pair.Key)} {pair.Value}")),
                var text => (string?)text,
            };
            yield return (NameOf(member.Name), value is null ? null : ServiceConfiguration.Shown(member.Name, value), PlaceOf(member.Name));
        }
    }

    /// <summary>The name of a member's environment variable.</summary>
    internal static string VariableOf(string member) =>
        Prefix + string.Concat(member.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));

    /// <summary>A member's flag on the command line.</summary>
    internal static string FlagOf(string member) => member == nameof(ServiceConfiguration.Origins)
        ? "--allow-origin"
        : $"-{string.Concat(member.Select(letter => char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"))}";

    private static string? FileOf(string? given)
    {
        var named = given ?? (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } variable ? variable : null);
        if (named is not null) return File.Exists(named) ? Path.GetFullPath(named) : throw new ConfigurationException($"The configuration file {named} does not exist.");
        var usual = Path.Combine(Environment.GetEnvironmentVariable(Commands.DataOption.HomeVariable) ?? Environment.CurrentDirectory, DefaultFile);
        return File.Exists(usual) ? usual : null;
    }

    private static List<KeyValuePair<string, string?>> ReadFile(string path)
    {
        var builder = new ConfigurationBuilder();
        try
        {
            using var text = File.OpenRead(path);
            var read = builder.AddJsonStream(text).Build().AsEnumerable().ToList();
            var known = Members.Select(member => NameOf(member.Name)).ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (read.Select(pair => pair.Key.Split(':')[0]).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
                throw new ConfigurationException($"{unknown} in {path} is not known; allowed are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
            return Listed(read);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or JsonException)
        {
            throw new ConfigurationException($"The configuration file {path} is not JSON as it must be: {(e.InnerException ?? e).Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfigurationException($"The configuration file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Single underscores stand between words, double ones before an index.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Variables() =>
        from System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where name.StartsWith(Prefix, StringComparison.Ordinal) && variable.Value is string { Length: > 0 }
        select KeyValuePair.Create(
            name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), (string?)variable.Value);

    /// <summary>A list may be written as one text with commas.</summary>
    private static List<KeyValuePair<string, string?>> Listed(IEnumerable<KeyValuePair<string, string?>> read) =>
    [
        .. read.SelectMany(pair => pair is { Key: var key, Value: { Length: > 0 } text } && key.Equals(nameof(ServiceConfiguration.Origins), StringComparison.OrdinalIgnoreCase)
            ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select((item, at) => KeyValuePair.Create($"{key}:{at}", (string?)item))
            : [pair]),
    ];

    private static bool IsOrigin(KeyValuePair<string, string?> member) =>
        member.Key.Split(':')[0].Equals(nameof(ServiceConfiguration.Origins), StringComparison.OrdinalIgnoreCase);

    /// <summary>The member, its place and its value where that is no secret.</summary>
    private string Told(string property)
    {
        var member = property.Split('[')[0];
        var value = root[property.Replace('[', ':').TrimEnd(']')];
        var shown = ServiceConfiguration.IsConnection(member) || value is null ? "" : $" '{value}'";
        var part = property.Length > member.Length && !char.IsAsciiDigit(property[member.Length + 1]) ? $".{property[(member.Length + 1)..^1]}" : "";
        return $"{NameOf(member)}{part} ({PlaceOf(member)}){shown}";
    }

    private string PlaceOf(string member)
    {
        foreach (var (provider, place) in root.Providers.Zip(places).Reverse())
        {
            if (!provider.TryGet(member, out _) && !provider.GetChildKeys([], member).Any()) continue;
            return place switch
            {
                InEnvironment => VariableOf(member),
                InWords => FlagOf(member),
                _ => place,
            };
        }
        return "default";
    }

    private static string NameOf(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);
}
