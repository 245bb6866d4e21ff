using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Retention.Api.Polling;

/// <summary>An answer as it goes over the wire.</summary>
/// <param name="Link">To the next page; null where there is none.</param>
internal sealed record KeptAnswer(string? ContentType, string Encoding, string? Link, ReadOnlyMemory<byte> Body);

/// <summary>Answers by their tags, as long as they fit: a tag changes with its answer, so that what is found is fresh.</summary>
internal sealed class AnswerMemory(ServiceOptions options) : IDisposable
{
    private const int Overhead = 500;

    private readonly MemoryCache answers = new(Options.Create(new MemoryCacheOptions { SizeLimit = options.AnswerMemory, TrackStatistics = true }));

    /// <summary>The memory that is taken, in bytes.</summary>
    public long Bytes => answers.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    public KeptAnswer? Find(string tag) => answers.TryGetValue(tag, out var found) ? (KeptAnswer)found! : null;

    /// <summary>Keeps an answer, unless it would take more than an eighth of the room.</summary>
    public void Keep(string tag, KeptAnswer answer)
    {
        if (answer.Body.Length > options.AnswerMemory / 8) return;
        answers.Set(tag, answer, new MemoryCacheEntryOptions { Size = answer.Body.Length + Overhead, SlidingExpiration = TimeSpan.FromMinutes(30) });
    }

    /// <summary>Forgets every answer: somebody who is in some of them is erased.</summary>
    public void Forget() => answers.Clear();

    public void Dispose() => answers.Dispose();
}
