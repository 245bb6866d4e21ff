using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Retention.Projections;
using Retention.Projections.Running;

namespace Retention.Api.Polling;

/// <summary>
/// Makes answers cheap to ask again: an entity tag on each, 304 for one that the client has, answers kept in memory, compression, and
/// waiting until something changes (<c>Prefer: wait</c>, RFC 7240). What is kept or unchanged is told without the database.
/// </summary>
internal sealed class PolledAnswers(ReflectionWatch watch, AnswerMemory memory, IHostApplicationLifetime life, TimeProvider time)
{
    private const string Vary = "Accept, Accept-Encoding, Authorization, Retention-Tenant";
    private const string CacheControl = "private, no-cache";
    private const int LongestWait = 60;

    // A day can begin while a client waits.
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private static readonly PathString[] Paths =
    [
        "/v1/metrics", "/v1/cohorts", "/v1/customers", "/v1/segments", "/v1/dimensions", "/v1/complaints", "/v1/models", "/v1/changes", "/v1/settings", "/v1/event-types",
    ];

    public async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsGet(http.Request.Method) || !Answers(http.Request.Path))
        {
            await next(http);
            return;
        }
        var started = time.GetTimestamp();
        var question = await PolledQuestion.ReadAsync(http);
        var (known, tag) = (http.Request.Headers.IfNoneMatch, question.TagNow(watch, time));
        if (Has(known, tag) && WaitOf(http.Request) is > 0 and var seconds) tag = await WaitAsync(question, tag!, TimeSpan.FromSeconds(seconds), http);
        if (Has(known, tag)) TellUnchanged(http.Response, tag!);
        else if (tag is not null && memory.Find(tag) is { } kept)
        {
            Count("kept");
            await TellAsync(http.Response, tag, kept, "cache;desc=hit");
        }
        else await MakeAsync(http, next, question, started);
    }

    /// <summary>Whether GETs of a path have entity tags.</summary>
    public static bool Answers(PathString path)
    {
        foreach (var polled in Paths)
        {
            if (path.StartsWithSegments(polled, StringComparison.Ordinal)) return !path.Value!.EndsWith("/stream", StringComparison.Ordinal);
        }
        return false;
    }

    /// <summary>Whether a client has the answer. <c>*</c> names none: whether there is one shows only when the question is answered.</summary>
    private static bool Has(Microsoft.Extensions.Primitives.StringValues known, string? tag)
    {
        if (tag is null || known.Count == 0) return false;
        if (known.Count == 1 && known[0] == tag) return true;
        return EntityTagHeaderValue.TryParseList([.. known.Select(value => value ?? "")], out var tags)
            && tags.Any(item => item.Tag == tag && !item.Equals(EntityTagHeaderValue.Any));
    }

    private static int WaitOf(HttpRequest request)
    {
        foreach (var wish in request.Headers["Prefer"].SelectMany(value => value?.Split(',', ';') ?? []))
        {
            if (wish.AsSpan().Trim() is var word && word.StartsWith("wait=") && int.TryParse(word[5..], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                return Math.Min(seconds, LongestWait);
        }
        return 0;
    }

    /// <summary>Waits until the answer would be another one, or the time is over.</summary>
    /// <returns>The tag that it would have then.</returns>
    private async Task<string?> WaitAsync(PolledQuestion question, string tag, TimeSpan atMost, HttpContext http)
    {
        http.Response.Headers["Preference-Applied"] = $"wait={atMost.TotalSeconds:0}";
        var (started, now) = (System.Diagnostics.Stopwatch.GetTimestamp(), (string?)tag);
        // A client that waits while the service stops is told that nothing has changed, and asks again elsewhere.
        while (now == tag && !life.ApplicationStopping.IsCancellationRequested && atMost - System.Diagnostics.Stopwatch.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            var changed = watch.Changed;
            now = question.TagNow(watch, time);
            if (now != tag) break;
            await Task.WhenAny(changed, Task.Delay(left < Glance ? left : Glance, http.RequestAborted));
            http.RequestAborted.ThrowIfCancellationRequested();
            now = question.TagNow(watch, time);
        }
        return now;
    }

    private async Task MakeAsync(HttpContext http, RequestDelegate next, PolledQuestion question, long started)
    {
        var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var buffer = new MemoryStream();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(buffer));
        try
        {
            await next(http);
            await http.Response.CompleteAsync();
        }
        finally
        {
            http.Features.Set(body);
        }
        var (response, plain) = (http.Response, buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        if (response.StatusCode != StatusCodes.Status200OK)
        {
            if (plain.Length > 0) await response.Body.WriteAsync(plain, http.RequestAborted);
            return;
        }
        var found = question.OfReplay ? null : http.Features.Get<Found>();
        if (found is not null) watch.Learn(question.Tenant, found.Reflection);
        var tag = found is null ? question.TagOfBody(plain.Span) : question.Tag(watch, found.Basis);
        if (Has(http.Request.Headers.IfNoneMatch, tag))
        {
            response.Headers.ContentLength = null;
            response.Headers.ContentType = default;
            TellUnchanged(response, tag);
            return;
        }
        Count("made");
        var answer = new KeptAnswer(response.ContentType, question.Encoding, response.Headers.Link, AnswerEncoding.Pack(plain, question.Encoding));
        if (found is not null) memory.Keep(tag, answer);
        await TellAsync(response, tag, answer, string.Create(CultureInfo.InvariantCulture, $"answer;dur={time.GetElapsedTime(started).TotalMilliseconds:0.0}"));
    }

    private static void Count(string outcome) => Instruments.Answers.Add(1, new KeyValuePair<string, object?>(Instruments.Outcome, outcome));

    private static void TellUnchanged(HttpResponse response, string tag)
    {
        Count("unchanged");
        response.StatusCode = StatusCodes.Status304NotModified;
        Describe(response, tag);
        response.Headers["Server-Timing"] = "cache;desc=unchanged";
    }

    private static async Task TellAsync(HttpResponse response, string tag, KeptAnswer answer, string timing)
    {
        Describe(response, tag);
        response.Headers["Server-Timing"] = timing;
        response.Headers.ContentType = answer.ContentType;
        response.Headers.ContentLength = answer.Body.Length;
        if (answer.Encoding != AnswerEncoding.Identity) response.Headers.ContentEncoding = answer.Encoding;
        if (answer.Link is not null) response.Headers.Link = answer.Link;
        await response.BodyWriter.WriteAsync(answer.Body);
    }

    private static void Describe(HttpResponse response, string tag)
    {
        response.Headers.ETag = tag;
        response.Headers.Vary = Vary;
        response.Headers.CacheControl = CacheControl;
    }
}

/// <summary>Keeps <see cref="ReflectionWatch"/> running, from when the schema is in place.</summary>
internal sealed class Watching(ReflectionWatch watch, Readiness readiness) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!readiness.Started) await Task.Delay(50, stoppingToken);
        await watch.RunAsync(stoppingToken);
    }
}
