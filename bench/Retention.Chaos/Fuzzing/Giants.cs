using System.Globalization;

namespace Retention.Chaos.Fuzzing;

/// <summary>Sends <see cref="GiantBody"/>s one after the other, and watches the memory of the service's process.</summary>
internal sealed class Giants(Node node, Findings findings, Action<string> say)
{
    /// <returns>The most memory that the process had meanwhile, in MB.</returns>
    public async Task<long> SendAsync(long size, CancellationToken ct)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = node.Client.BaseAddress, Timeout = TimeSpan.FromMinutes(5) };
        var most = 0L;
        foreach (var body in GiantBody.All())
        {
            // Linux counts the most memory anew from here on.
            await File.WriteAllTextAsync($"/proc/{node.Pid}/clear_refs", "5", ct);
            var started = TimeProvider.System.GetTimestamp();
            var (status, text) = await AnswerAsync(http, body, size, ct);
            findings.Count("giants", status);
            var memory = MostMemory();
            most = Math.Max(most, memory);
            say(string.Create(CultureInfo.InvariantCulture, $"{body.What}: {status} after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:f1} s, memory {memory:n0} MB"));
            if (status != body.Told.Status || !text.Contains($"{body.Told.Word}", StringComparison.Ordinal))
                findings.Add(status >= 500 ? Judge.Failed : "a body without end that is not told so", body.What, $"{body.What} → {status} {text[..Math.Min(text.Length, 500)]}");
        }
        return most;
    }

    private static async Task<(int Status, string Text)> AnswerAsync(HttpClient http, GiantBody body, long size, CancellationToken ct)
    {
        try
        {
            using var request = body.ToRequest(size);
            using var response = await http.SendAsync(request, ct);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct));
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            // Whoever still sends when the refusal is given may not see it any more.
            return body.Told.Status == 413 ? (413, body.Told.Word) : (500, $"no answer: {gone.Message}");
        }
    }

    private long MostMemory()
    {
        var line = File.ReadLines($"/proc/{node.Pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmHWM:".Length).Trim()[..^3], NumberStyles.None, CultureInfo.InvariantCulture) >> 10;
    }
}
