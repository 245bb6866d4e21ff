using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Events;

/// <summary>
/// Stored data of every version of every type, in files <c>type.version.json</c> that no later change may touch. Version 0 is what a client
/// of the tables writes that was not set to camelCase.
/// </summary>
internal static class Golden
{
    private const string Folder = "Retention.Domain.Tests.Events.Golden.";

    public static IEnumerable<(string Type, int Version)> All =>
        typeof(Golden).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..].Split('.')).Select(parts => (parts[0], int.Parse(parts[1])));

    public static JsonElement Today(string type) => Of(type, Upcasts.OfVocabulary.Today[type]);

    public static JsonElement Of(string type, int version)
    {
        using var file = typeof(Golden).Assembly.GetManifestResourceStream($"{Folder}{type}.{version}.json")
            ?? throw new FileNotFoundException($"There is no golden file of version {version} of {type}.");
        using var document = JsonDocument.Parse(file);
        return document.RootElement.Clone();
    }
}
