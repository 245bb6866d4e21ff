namespace Retention.Api.Ingest;

/// <summary>Reads a whole body, up to a limit.</summary>
internal static class BoundedBody
{
    /// <exception cref="ProblemException">413 for a body beyond the limit.</exception>
    public static Task<MemoryStream> ReadAsync(Stream body, long most, CancellationToken ct)
    {
        var size = 0L;
        return ReadAsync(body, read =>
        {
            if ((size += read) > most) throw TooLarge(most);
        }, ct);
    }

    /// <param name="count">Told of each part before it is kept; what it throws ends the reading.</param>
    public static async Task<MemoryStream> ReadAsync(Stream body, Action<int> count, CancellationToken ct)
    {
        var whole = new MemoryStream();
        var part = new byte[64 * 1024];
        while (await body.ReadAsync(part, ct) is var read and > 0)
        {
            count(read);
            whole.Write(part, 0, read);
        }
        whole.Position = 0;
        return whole;
    }

    public static ProblemException TooLarge(long most) =>
        new(413, "too_large", $"The body may have at most {most} bytes unpacked; send application/x-ndjson without atomic for more.");
}
