namespace Retention.Chaos.Fuzzing;

/// <summary>One hostile request.</summary>
/// <param name="Operation">As the description of the API names it.</param>
/// <param name="Target">Path and query, sent as they stand.</param>
internal sealed record Shot(Operation Operation, string Tenant, string Target)
{
    public byte[]? Body { get; init; }

    public string? MediaType { get; init; }

    public string? Packing { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Whether the query string has a parameter that the operation does not know, or one twice that it takes once.</summary>
    public bool IsMisspelt { get; init; }

    /// <summary>What was sent as events; null for another request.</summary>
    public SentEvents? Events { get; init; }

    public override string ToString()
    {
        var body = Body is null ? "" : $" {MediaType} {Packing} {Body.Length} bytes: {System.Text.Encoding.Latin1.GetString(Body, 0, Math.Min(Body.Length, 600))}";
        return $"{Operation.Method} {Shortened(Target, 400)}{string.Concat(Headers.Select(header => $" {header.Name}: {Shortened(header.Value, 60)}"))}{body}";
    }

    public HttpRequestMessage ToRequest(Uri service)
    {
        var raw = new Uri($"{service.GetLeftPart(UriPartial.Authority)}{Target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(HttpMethod.Parse(Operation.Method), raw);
        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Body);
            if (MediaType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", MediaType);
            if (Packing is not null) request.Content.Headers.TryAddWithoutValidation("Content-Encoding", Packing);
        }
        if (!Headers.Any(header => header.Name == "Retention-Tenant")) request.Headers.Add("Retention-Tenant", Tenant);
        foreach (var (name, value) in Headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static string Shortened(string text, int most) => text.Length <= most ? text : $"{text[..most]}…";
}

/// <param name="Good">Ids of those among them that are valid.</param>
/// <param name="MayFail">Whether the body as a whole may be refused, and with which statuses.</param>
internal sealed record SentEvents(int Count, IReadOnlyList<string> Good, IReadOnlyList<int> MayFail);

/// <summary>What came back.</summary>
internal sealed record Reply(int Status, string? MediaType, byte[] Body, bool SaysWhen);
