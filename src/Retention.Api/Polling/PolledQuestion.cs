using System.Buffers.Text;
using System.Security.Cryptography;
using Retention.Api.Metrics;
using Retention.Domain.Definitions;
using Retention.Projections.Running;

namespace Retention.Api.Polling;

/// <summary>A question as its entity tag sees it: everything of a request that the answer depends on.</summary>
internal sealed class PolledQuestion
{
    /// <summary>Names the definitions: other code may define a figure differently.</summary>
    private static readonly string Definitions = string.Join(
        '.', new[] { typeof(RetentionApp), typeof(ReflectionWatch), typeof(Definition) }.Select(type => $"{type.Module.ModuleVersionId:n}"));

    private readonly string text;
    private readonly bool asOfGiven;

    private PolledQuestion(string tenant, string text, string encoding, IQueryCollection query)
    {
        Tenant = tenant;
        this.text = text;
        Encoding = encoding;
        asOfGiven = query.ContainsKey("asOf");
        Hours = query["grain"] == "hour";
        Zone = query["tz"];
        MinPosition = query.TryGetValue("minPosition", out var least) ? long.TryParse(least, out var position) && position >= 0 ? position : long.MaxValue : 0;
        OfReplay = query.ContainsKey("replay");
    }

    public string Tenant { get; }

    public string Encoding { get; }

    public long MinPosition { get; }

    /// <summary>Whether a named replay is asked, whose progress is its own.</summary>
    public bool OfReplay { get; }

    private bool Hours { get; }

    private string? Zone { get; }

    public static async ValueTask<PolledQuestion> ReadAsync(HttpContext http)
    {
        var request = http.Request;
        var tenant = (await Tenancy.Tenant.BindAsync(http))!.Name;
        var encoding = AnswerEncoding.Accepted(request.Headers.AcceptEncoding);
        var format = AnswerFormat.Accepted(request.Headers.Accept);
        // The least position decides when a question is answered, and not what.
        var parameters = (request.QueryString.Value ?? "").TrimStart('?');
        if (parameters.Contains("minPosition", StringComparison.Ordinal))
            parameters = string.Join('&', parameters.Split('&').Where(part => !part.StartsWith("minPosition=", StringComparison.Ordinal)));
        // What one caller may see of a customer another may not.
        var seen = Security.Caller.Of(http).ReadsPersonal ? "personal" : "impersonal";
        return new PolledQuestion(tenant, $"{Definitions}\n{tenant}\n{seen}\n{request.Path}\n{parameters}\n{format}\n{encoding}", encoding, request.Query);
    }

    /// <summary>The tag that an answer would have now; null where memory does not tell.</summary>
    public string? TagNow(ReflectionWatch watch, TimeProvider time)
    {
        if (OfReplay || watch.Of(Tenant) is not { } watched || watch.Reached(Tenant) < MinPosition) return null;
        if (asOfGiven) return Tag(watch, new AnswerBasis(watched.Position, watched.Histories, 0));
        var calendar = Zone is null ? watched.Calendar : Calendar.In(Zone);
        if (calendar is null) return null;
        var moment = QuestionReader.DefaultMoment(calendar, !Hours, watched.RecordedAt, time.GetUtcNow());
        return Tag(watch, new AnswerBasis(watched.Position, watched.Histories, moment.UtcTicks));
    }

    /// <summary>The tag of an answer made of a basis.</summary>
    public string Tag(ReflectionWatch watch, AnswerBasis basis)
    {
        var moment = asOfGiven ? 0 : basis.Moment;
        return TagOf(System.Text.Encoding.UTF8.GetBytes($"{watch.Epoch}\n{basis.Position}\n{basis.Histories}\n{moment}\n{text}"));
    }

    /// <summary>The tag of an answer by what it says, for what does not follow from the record.</summary>
    public string TagOfBody(ReadOnlySpan<byte> body)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, whole);
        return TagOf(System.Text.Encoding.UTF8.GetBytes($"{Convert.ToHexString(whole)}\n{text}"));
    }

    private static string TagOf(byte[] bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return $"\"{Base64Url.EncodeToString(hash[..16])}\"";
    }
}
