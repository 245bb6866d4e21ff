using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Retention.Api.Ingest.Imports;

namespace Retention.Api.Commands;

/// <summary>Sends a file to a running service and follows its import.</summary>
/// <param name="http">With the service's address, the tenant and the key as default headers, and no time-out.</param>
public sealed class ImportClient(HttpClient http)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    /// <summary>Sends the file and starts its import.</summary>
    /// <param name="own">The mapping file; null where the query names a mapping.</param>
    /// <param name="sent">Told of the bytes sent so far.</param>
    /// <exception cref="ImportRefusedException">The service does not take it; the message is the service's own.</exception>
    public async Task<Import> SendAsync(FileInfo file, FileInfo? own, string query, Action<long> sent, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/imports?{query}") { Content = await ContentAsync(file, own, sent, cancellation) };
        request.Headers.Add("Prefer", "respond-async");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return await ReadAsync(response, cancellation);
    }

    /// <summary>Asks until the import has ended, in whatever way.</summary>
    public async Task<Import> FollowAsync(Import import, Action<Import> seen, CancellationToken cancellation)
    {
        while (import.IsRunning)
        {
            await Task.Delay(Beat, cancellation);
            using var response = await http.GetAsync(new Uri($"v1/imports/{import.Id}", UriKind.Relative), cancellation);
            import = await ReadAsync(response, cancellation);
            seen(import);
        }
        return import;
    }

    /// <summary>Waits until figures reflect a position.</summary>
    /// <returns>False when the service answers neither with figures nor that it is behind.</returns>
    public async Task<bool> WaitForProjectionAsync(long position, CancellationToken cancellation)
    {
        while (true)
        {
            using var response = await http.GetAsync(new Uri($"v1/metrics/revenue?minPosition={position}", UriKind.Relative), cancellation);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable) return response.IsSuccessStatusCode;
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? Beat, cancellation);
        }
    }

    private static async Task<HttpContent> ContentAsync(FileInfo file, FileInfo? own, Action<long> sent, CancellationToken cancellation)
    {
        if (own is null) return new Upload(file, sent);
        var mapping = new StringContent(await File.ReadAllTextAsync(own.FullName, cancellation), System.Text.Encoding.UTF8, "application/json");
        return new MultipartFormDataContent { { mapping, "mapping" }, { new Upload(file, sent), "file", "file.csv" } };
    }

    private static async Task<Import> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsStringAsync(cancellation);
        if (response.IsSuccessStatusCode) return JsonSerializer.Deserialize<Import>(body, ImportReport.Json)!;
        var said = response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? JsonSerializer.Deserialize<JsonElement>(body) is var problem && problem.TryGetProperty("detail", out var detail)
                ? $"{detail} {Errors(problem)}"
                : body
            : $"The service answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        throw new ImportRefusedException("refused", said.Trim());
    }

    private static string Errors(JsonElement problem) =>
        problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
            ? string.Join(' ', errors.EnumerateArray()
                .Where(error => !problem.GetProperty("detail").GetString()!.Contains(error.GetProperty("message").GetString()!, StringComparison.Ordinal))
                .Select(error => $"{error.GetProperty("path")} {error.GetProperty("message")}."))
            : "";

    private sealed class Upload : HttpContent
    {
        private readonly FileInfo file;
        private readonly Action<long> sent;

        public Upload(FileInfo file, Action<long> sent)
        {
            (this.file, this.sent) = (file, sent);
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var source = file.OpenRead();
            var buffer = new byte[1 << 17];
            for (int read; (read = await source.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                sent(source.Position);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = file.Length;
            return true;
        }
    }
}
