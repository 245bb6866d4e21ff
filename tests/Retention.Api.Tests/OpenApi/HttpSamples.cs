using System.Text.RegularExpressions;

namespace Retention.Api.Tests.OpenApi;

/// <param name="Name">By which later requests speak of the response; null for none.</param>
internal sealed record HttpSample(string File, string Title, string? Name, HttpMethod Method, string Url, IReadOnlyDictionary<string, string> Headers, string? Body)
{
    /// <summary>A member of the response and the value that it is asked for again until it has; null for one that is asked once.</summary>
    public (string Member, string Value)? Until { get; init; }

    /// <summary>Why people alone can run it; null for one that tests run.</summary>
    public string? Manual { get; init; }
}

/// <summary>Requests as editors run them from <c>.http</c> files: <c>###</c> between them, <c>@name = value</c> and <c>{{name}}</c>.</summary>
internal static partial class HttpSamples
{
    public static IEnumerable<HttpSample> Read(string file)
    {
        var parts = File.ReadAllText(file).Split("\n###");
        var variables = parts[0].Split('\n').Select(line => Variable().Match(line)).Where(match => match.Success).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        foreach (var part in parts.Skip(1))
        {
            var lines = part.Split('\n').ToList();
            var name = lines.Select(line => Named().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
            var start = lines.FindIndex(1, line => line.Length > 0 && line[0] is not '#');
            var end = lines.FindIndex(start, string.IsNullOrWhiteSpace);
            var request = lines[start].Split(' ', 2);
            var headers = lines.Skip(start + 1).Take((end < 0 ? lines.Count : end) - start - 1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => Filled(pair[1], variables));
            var body = end < 0 ? "" : string.Join('\n', lines.Skip(end)).Trim();
            yield return new(Path.GetFileName(file), lines[0].Trim(), name, HttpMethod.Parse(request[0]), Filled(request[1], variables), headers, body.Length == 0 ? null : body)
            {
                Until = lines.Select(line => Waiting().Match(line)).FirstOrDefault(match => match.Success) is { } wait ? (wait.Groups[1].Value, wait.Groups[2].Value) : null,
                Manual = lines.Select(line => ByHand().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value,
            };
        }
    }

    public static string Filled(string text, IReadOnlyDictionary<string, string> variables) =>
        variables.Aggregate(text, (filled, variable) => filled.Replace($"{{{{{variable.Key}}}}}", variable.Value, StringComparison.Ordinal));

    [GeneratedRegex(@"^@(\w+) = (.+)$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^# @until (\w+) (\w+)$")]
    private static partial Regex Waiting();

    [GeneratedRegex(@"^# @manual (.+)$")]
    private static partial Regex ByHand();

    [GeneratedRegex(@"^# @name (\w+)$")]
    private static partial Regex Named();
}
