using System.Collections.Frozen;

namespace Retention.Projections.Security;

/// <summary>The keys as requests look them up: read from the database at most once in a second, so that a revocation holds within one.</summary>
public sealed class KeyRing(ApiKeys keys, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim reading = new(1, 1);
    private volatile Held? held;

    /// <summary>Whether requests needed a key at the last look.</summary>
    public bool WasInUse => held is { InUse: true };

    /// <summary>The keys as of at most a second ago.</summary>
    /// <param name="some">Whether the caller shows a key, so that there must be some: the first one counts from when it is first sent.</param>
    public async ValueTask<Held> CurrentAsync(CancellationToken ct, bool some = false)
    {
        if (Suffices(held, some)) return held!;
        await reading.WaitAsync(ct);
        try
        {
            if (Suffices(held, some)) return held!;
            var readAt = time.GetTimestamp();
            return held = new Held(await keys.AllAsync(ct), await keys.AreNeededAsync(ct), readAt);
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose() => reading.Dispose();

    private bool Suffices(Held? known, bool some) => IsFresh(known) && (!some || known!.InUse);

    private bool IsFresh(Held? known) => known is not null && time.GetElapsedTime(known.ReadAt) < Fresh;

    /// <summary>The keys at one moment.</summary>
    /// <param name="needed">See <see cref="ApiKeys.AreNeededAsync"/>.</param>
    public sealed class Held(IReadOnlyList<ApiKey> all, bool needed, long readAt)
    {
        private readonly FrozenDictionary<string, ApiKey> good =
            all.Where(key => key.RevokedAt is null).ToFrozenDictionary(key => key.Prefix, StringComparer.Ordinal);

        /// <summary>Whether requests need a key: revoking the last one, or deleting its tenant, locks the service rather than opening it.</summary>
        public bool InUse { get; } = needed;

        internal long ReadAt { get; } = readAt;

        /// <summary>The key that this text is; null for what is none, or revoked.</summary>
        public ApiKey? Find(string text) => ApiKey.PrefixOf(text) is { } prefix && good.GetValueOrDefault(prefix) is { } key && key.Is(text) ? key : null;
    }
}
