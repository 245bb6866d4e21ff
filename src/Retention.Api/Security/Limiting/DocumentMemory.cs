using System.Collections.Concurrent;
using Retention.Api.Ingest;

namespace Retention.Api.Security.Limiting;

/// <summary>What the documents that a tenant is sending take in memory, since each is held whole: many large ones at once are refused.</summary>
public sealed class DocumentMemory(Limits limits)
{
    /// <summary>Up to here a document is not counted; how many there may be at once bounds what they take together.</summary>
    private const long Small = 1 << 20;

    private readonly ConcurrentDictionary<string, long> held = new(StringComparer.Ordinal);

    /// <summary>The account of one document, closed when it is let go.</summary>
    internal Account Open(string tenant) => new(this, tenant);

    /// <exception cref="ProblemException">429 while the tenant's documents take what they may; 413 for one that is larger than any may be.</exception>
    private void Grow(string tenant, long more, long size)
    {
        if (size > limits.DocumentBytes) throw BoundedBody.TooLarge(limits.DocumentBytes);
        if (held.AddOrUpdate(tenant, more, (_, before) => before + more) <= limits.DocumentMemory) return;
        throw new ProblemException(429, "too_many_at_once", $"The tenant's documents may take {limits.DocumentMemory} bytes at once; lines (application/x-ndjson) take next to none.") { RetryAfter = 2 };
    }

    private void Shrink(string tenant, long less)
    {
        if (held.AddOrUpdate(tenant, 0, (_, before) => before - less) == 0) held.TryRemove(new KeyValuePair<string, long>(tenant, 0));
    }

    internal sealed class Account(DocumentMemory memory, string tenant) : IDisposable
    {
        private long size;
        private long counted;

        /// <inheritdoc cref="DocumentMemory.Grow"/>
        public void Add(int bytes)
        {
            size += bytes;
            if (size <= Small) return;
            var more = size - counted;
            counted = size;
            memory.Grow(tenant, more, size);
        }

        public void Dispose()
        {
            if (counted > 0) memory.Shrink(tenant, counted);
            (size, counted) = (0, 0);
        }
    }
}
