using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retention.Api.Tests;

/// <summary>Speaks to the service for one tenant.</summary>
public sealed class TestTenant(HttpClient client, string name)
{
    public string Name { get; } = name;

    /// <summary>The highest position that a sending was answered with.</summary>
    public long Position { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sends events that must all be accepted.</summary>
    public async Task<Answer> AcceptAsync(params IReadOnlyList<JsonObject> events)
    {
        var answer = await SendAsync(events);
        (answer.Status, answer.Number("accepted"), answer.List("rejected").Count).ShouldBe((200, events.Count, 0), answer.Text);
        return answer;
    }

    public Task<Answer> SendAsync(params IReadOnlyList<JsonObject> events) => PostAsync("/v1/events", Json(events));

    public Task<Answer> PostAsync(string path, string body, string mediaType = "application/json") =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), mediaType);

    public Task<Answer> PostAsync(string path, byte[] body, string mediaType, string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return CallAsync(HttpMethod.Post, path, content);
    }

    public Task<Answer> PutAsync(string path, string body) =>
        CallAsync(HttpMethod.Put, path, new StringContent(body, Encoding.UTF8, "application/json"));

    public Task<Answer> GetAsync(string path) => CallAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => CallAsync(HttpMethod.Delete, path, null);

    /// <summary>The answer to a question, once all that this tenant has sent is in it.</summary>
    public async Task<Answer> AskAsync(string path)
    {
        var answer = await GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}minPosition={Position}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer;
    }

    public static string Json(IEnumerable<JsonObject> events) => $"[{string.Join(',', events.Select(sent => sent.ToJsonString()))}]";

    private async Task<Answer> CallAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content, Headers = { { "Retention-Tenant", Name } } };
        using var response = await client.SendAsync(request, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        var answer = new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, text)
        {
            RetryAfter = response.Headers.RetryAfter?.ToString(),
        };
        if (answer.Status == 200 && method != HttpMethod.Get && answer.Member("position") is { } position)
            Position = Math.Max(Position, position.GetInt64());
        return answer;
    }
}

/// <summary>A response of the service.</summary>
public sealed record Answer(int Status, string? MediaType, string Text)
{
    public string? RetryAfter { get; init; }

    public override string ToString() => $"{Status} {Text}";

    public JsonElement Root => JsonSerializer.Deserialize<JsonElement>(Text);

    public IReadOnlyList<JsonElement> Rows => List("rows");

    /// <summary>The row whose period starts on a day.</summary>
    public JsonElement Row(string period) => Rows.Single(row => row.GetProperty("period").GetString() == period);

    public JsonElement? Member(string name) =>
        MediaType?.EndsWith("json", StringComparison.Ordinal) == true && Root.ValueKind == JsonValueKind.Object
        && Root.TryGetProperty(name, out var member)
            ? member
            : null;

    public long Number(string name) => Root.GetProperty(name).GetInt64();

    public IReadOnlyList<JsonElement> List(string name) => [.. Root.GetProperty(name).EnumerateArray()];

    /// <summary>Fails unless this is a problem with the status and code, some error of which names the path and says the words.</summary>
    public void ShouldBeProblem(int status, string code, string? path = null, params IReadOnlyList<string> words)
    {
        (Status, MediaType).ShouldBe((status, "application/problem+json"), Text);
        Root.GetProperty("code").GetString().ShouldBe(code, Text);
        Root.GetProperty("status").GetInt32().ShouldBe(status);
        if (path is not null) List("errors").ShouldName(path, code, words);
        else words.ShouldAllBe(word => Root.GetProperty("detail").GetString()!.Contains(word));
    }

    /// <summary>Fails unless exactly one event was refused, by a fault that names the path and says the words.</summary>
    public void ShouldRefuse(int index, string code, string path, params IReadOnlyList<string> words)
    {
        var refused = List("rejected").Where(rejection => rejection.GetProperty("index").GetInt32() == index).ShouldHaveSingleItem(Text);
        refused.GetProperty("code").GetString().ShouldBe(code, Text);
        refused.GetProperty("errors").EnumerateArray().ToList().ShouldName(path, code, words);
    }
}

internal static class Faults
{
    public static void ShouldName(this IReadOnlyList<JsonElement> errors, string path, string code, IReadOnlyList<string> words)
    {
        var all = string.Join('\n', errors);
        var named = errors
            .Where(error => (error.GetProperty("path").GetString(), error.GetProperty("code").GetString()) == (path, code)).ToList();
        named.ShouldHaveSingleItem($"{path} {code} in\n{all}");
        foreach (var word in words) named[0].GetProperty("message").GetString()!.ShouldContain(word);
    }
}
