using Microsoft.IdentityModel.Tokens;

namespace Retention.Api.Security.Tokens;

/// <summary>
/// The issuer's public keys: read when they are first needed, again when they have become old, and at once for a key id that is not among
/// them, though never more often than <see cref="TokenOptions.BetweenReads"/>. While they cannot be read the last ones hold.
/// </summary>
public sealed partial class SigningKeys(TokenOptions options, TimeProvider time, ILogger<SigningKeys> log) : IDisposable
{
    private const int MostBytes = 1 << 20;

    /// <summary>Of an RSA modulus: NIST SP 800-131A.</summary>
    private const int FewestRsaBits = 2048;

    private readonly SemaphoreSlim reading = new(1, 1);
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = MostBytes,
    };

    private volatile IReadOnlyList<JsonWebKey>? known;
    private long readAt;
    private long triedAt;
    private bool tried;

    /// <summary>The key of a token; null for none that the issuer publishes.</summary>
    /// <param name="id">Of the token's header; null takes the only key of the set.</param>
    /// <exception cref="ProblemException">503 while the keys could not be read even once.</exception>
    public async ValueTask<JsonWebKey?> FindAsync(string? id, CancellationToken ct)
    {
        var found = Find(id);
        if (found is not null && !IsOld) return found;
        // Whose key is known does not wait for another's reading of the set.
        if (!await reading.WaitAsync(found is null ? Timeout.Infinite : 0, ct)) return found;
        try
        {
            if ((IsOld || Find(id) is null) && MayRead) await ReadAsync(ct);
        }
        finally
        {
            reading.Release();
        }
        if (known is null) throw new ProblemException(503, "signing_keys_unavailable", "The public keys of the tokens' issuer cannot be read now.") { RetryAfter = 5 };
        return Find(id);
    }

    public void Dispose()
    {
        reading.Dispose();
        http.Dispose();
    }

    private bool IsOld => known is null || time.GetElapsedTime(readAt) >= options.KeysAreFreshFor;

    private bool MayRead => !tried || time.GetElapsedTime(triedAt) >= options.BetweenReads;

    private JsonWebKey? Find(string? id) => known switch
    {
        null => null,
        [var only] when id is null => only,
        var all => id is null ? null : all.FirstOrDefault(key => key.Kid == id),
    };

    private async Task ReadAsync(CancellationToken ct)
    {
        (tried, triedAt) = (true, time.GetTimestamp());
        try
        {
            var text = options.Url is { } url ? await http.GetStringAsync(url, ct) : await ReadFileAsync(ct);
            known = [.. new JsonWebKeySet(text).Keys.Where(IsToVerifyWith)];
            readAt = triedAt;
            if (known.Count == 0) NoKeys(options.Keys);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or ArgumentException or InvalidDataException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Unreadable(options.Keys, e.Message);
        }
    }

    private async Task<string> ReadFileAsync(CancellationToken ct) =>
        new FileInfo(options.Keys).Length <= MostBytes ? await File.ReadAllTextAsync(options.Keys, ct) : throw new InvalidDataException($"It has more than {MostBytes} bytes.");

    /// <summary>A secret shared with the issuer is none: whoever can check a token could make one.</summary>
    private static bool IsToVerifyWith(JsonWebKey key) =>
        key.Use is null or "" or "sig" && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"))
        && (key.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve || (key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize >= FewestRsaBits));

    [LoggerMessage(LogLevel.Warning, "The keys of tokens cannot be read from {Source}: {Reason}")]
    private partial void Unreadable(string source, string reason);

    [LoggerMessage(LogLevel.Warning, "{Source} has no RSA key of 2048 bits or more and no elliptic one that signs: no token is let in")]
    private partial void NoKeys(string source);
}
