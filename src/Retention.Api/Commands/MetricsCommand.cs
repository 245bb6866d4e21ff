using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention metrics NAME</c>: a metric of the running service as a table with its course, or as the service's JSON.</summary>
internal sealed class MetricsCommand
{
    private static readonly string[] Grains = ["hour", "day", "week", "month", "quarter", "year"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ServiceClient.Options service = new();
    private readonly Argument<string?> name = new("NAME") { Description = "The metric; without one, all that there are", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> grain = new("--grain") { Description = $"Length of a period: {string.Join(", ", Grains)}", HelpName = "GRAIN" };
    private readonly Option<bool> json = new("--json") { Description = "Print the service's answer as it is" };

    private readonly Option<string[]> more = new("--with")
    {
        Description = "Any other parameter of the metric, such as mode=survival or filter=country:FI; may be given more than once",
        HelpName = "NAME=VALUE",
    };

    private readonly (string Parameter, Option<string?> Option)[] common =
    [
        ("from", new("--from") { Description = "First day", HelpName = "DATE" }), ("to", new("--to") { Description = "The day after the last", HelpName = "DATE" }),
        ("tz", new("--tz") { Description = "Time zone, such as Europe/Helsinki", HelpName = "ZONE" }), ("asOf", new("--as-of") { Description = "Evaluate as of a date or time", HelpName = "TIME" }),
        ("filter", new("--filter") { Description = "Whose facts count, such as country:FI,SE", HelpName = "FILTER" }), ("groupBy", new("--group-by") { Description = "channel, country, campaign or tier", HelpName = "DIMENSION" }),
    ];

    public static Command Create() => new MetricsCommand().Describe();

    private Command Describe()
    {
        more.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !token.Value.Contains('=', StringComparison.Ordinal))) result.AddError($"--with {token.Value} must be NAME=VALUE.");
        });
        var command = new Command("metrics", "Show a metric of the running service. Exit codes: 0 shown, 1 no service is running or it refused the question.") { name, grain, json, more };
        foreach (var (_, option) in common) command.Options.Add(option);
        service.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult asked, CancellationToken ct)
    {
        try
        {
            using var client = new ServiceClient(asked, service);
            var catalogue = (await client.AskAsync("v1/metrics", ct)).GetProperty("metrics").EnumerateArray().ToList();
            if (asked.GetValue(name) is not { } wanted) return ShowCatalogue(catalogue);
            if (catalogue.FirstOrDefault(metric => metric.GetProperty("name").GetString() == wanted) is not { ValueKind: JsonValueKind.Object } metric)
                return Screen.Fail($"There is no metric {wanted}; there are {string.Join(", ", catalogue.Select(known => known.GetProperty("name").GetString()))}.");
            var answer = await client.AskAsync($"{metric.GetProperty("path").GetString()!.TrimStart('/')}{QueryOf(asked)}", ct);
            if (asked.GetValue(json)) Screen.Say(JsonSerializer.Serialize(answer, Indented));
            else Screen.Out.Write(answer.TryGetProperty("cohorts", out _) ? MetricTable.OfCohorts(answer) : MetricTable.Of(metric, answer, Screen.Out.Profile.Width));
            return 0;
        }
        catch (HttpRequestException refused)
        {
            return Screen.Fail(refused.Message);
        }
    }

    private string QueryOf(ParseResult asked)
    {
        var pairs = common.Select(item => (item.Parameter, Value: asked.GetValue(item.Option))).Append((Parameter: "grain", Value: asked.GetValue(grain))).Where(pair => pair.Value is not null)
            .Concat((asked.GetValue(more) ?? []).Select(pair => pair.Split('=', 2)).Select(pair => (Parameter: pair[0], Value: (string?)pair[1])));
        var query = string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Parameter)}={Uri.EscapeDataString(pair.Value!)}"));
        return query.Length == 0 ? "" : $"?{query}";
    }

    private static int ShowCatalogue(IReadOnlyList<JsonElement> catalogue)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("Metric", "Answers");
        foreach (var metric in catalogue) table.AddRow(metric.GetProperty("name").GetString()!.EscapeMarkup(), metric.GetProperty("question").GetString()!.EscapeMarkup());
        Screen.Out.Write(table);
        return 0;
    }
}
