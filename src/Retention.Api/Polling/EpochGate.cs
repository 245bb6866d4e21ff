using Microsoft.Extensions.Primitives;
using Retention.Projections.Running;

namespace Retention.Api.Polling;

/// <summary>
/// Keeps what was made of another store from being taken for this one's. Every answer names the store's epoch in the header
/// <c>Retention-Epoch</c>; whoever sends that header along with positions that it kept, or a cursor, which bears the epoch in it, is told by
/// 410 when the store was restored meanwhile.
/// </summary>
internal sealed class EpochGate(ReflectionWatch watch)
{
    /// <summary>Names the epoch.</summary>
    public const string Header = "Retention-Epoch";

    /// <summary>Parameters that bear the epoch: the place in a list, and that among a customer's events.</summary>
    private static readonly string[] Cursors = ["cursor", "events"];

    // Of an epoch's digits, so many tell one from another.
    private const int Digits = 8;

    /// <summary>Between an epoch and what is of it.</summary>
    public const char Separator = '~';

    // It is told with each answer, and hardly ever changes.
    private volatile Named? named;

    /// <summary>The epoch as it is told to clients; null while the database does not tell.</summary>
    public string? Current
    {
        get
        {
            if (watch.Epoch is not { } epoch) return null;
            if (named is { } known && known.Epoch == epoch) return known.Text;
            return (named = new Named(epoch, Short(epoch))).Text;
        }
    }

    /// <summary>An epoch as it is told to clients.</summary>
    public static string Short(Guid epoch) => epoch.ToString("n")[..Digits];

    public Task EnterAsync(HttpContext http, RequestDelegate next)
    {
        if (!http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) || Current is not { } current) return next(http);
        if (http.Request.Headers[Header] is [{ Length: > 0 } told] && told != current) throw Gone(Header, current);
        http.Response.Headers[Header] = current;
        foreach (var name in Cursors)
        {
            if (!http.Request.Query.TryGetValue(name, out var values) || values is not [{ } cursor] || cursor.Split(Separator) is not [{ Length: Digits } epoch, var place]) continue;
            if (epoch != current) throw Gone(name, current);
            http.Request.Query = new QueryCollection(http.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Key == name ? new StringValues(place) : pair.Value));
        }
        return next(http);
    }

    /// <summary>A cursor as clients get it: with the epoch that it is of.</summary>
    public static string? Stamp(HttpContext http, string? cursor) =>
        cursor is null ? null : http.RequestServices.GetRequiredService<EpochGate>().Current is { } epoch ? $"{epoch}{Separator}{cursor}" : cursor;

    /// <summary>What a client is told who brings something of another epoch.</summary>
    internal static ProblemException Gone(string what, string current) =>
        new(410, "other_epoch", $"The store was restored: {what} is of another epoch than its present one, {current}. Positions and cursors of before mean something else now; begin anew.");

    private sealed record Named(Guid Epoch, string Text);
}
