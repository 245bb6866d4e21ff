using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Npgsql;
using Retention.Domain.Events;
using Retention.Projections;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Api;

/// <summary>A request that cannot be answered as asked; it becomes an RFC 9457 problem in one place.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">Stable and machine-readable.</param>
public sealed class ProblemException(int status, string code, string detail, params IReadOnlyList<Fault> errors) : Exception(detail)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public IReadOnlyList<Fault> Errors { get; } = errors;

    /// <summary>Seconds after which the same request may succeed; null when it will not.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The version that the stream has in place of the expected one; null where no version is at issue.</summary>
    public long? CurrentVersion { get; init; }

    /// <summary>What WWW-Authenticate says of the key that is needed; null where no key is at issue.</summary>
    public string? Challenge { get; init; }

    /// <summary>Where to read on about what failed; null for nowhere.</summary>
    public string? Location { get; init; }
}

/// <summary>Turns what went wrong into problem details.</summary>
public static class Problems
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private static readonly Dictionary<int, string> Titles = new()
    {
        [400] = "The request is not valid",
        [401] = "A key is needed",
        [403] = "Not allowed here",
        [404] = "Not found",
        [405] = "Method not allowed",
        [409] = "Conflict",
        [410] = "Gone",
        [413] = "Too large",
        [415] = "Unsupported media type",
        [408] = "Too slow",
        [422] = "The content breaks a rule",
        [429] = "Too much at once",
        [500] = "The service failed",
        [503] = "Not available now",
    };

    /// <summary>Answers exceptions, and statuses without a body such as 404 for an unknown path, as problems.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            SuppressDiagnosticsCallback = context => Of(context.Exception).Status < 500 || context.Exception is ProblemException,
            ExceptionHandler = context => WriteAsync(context, Of(context.Features.Get<IExceptionHandlerFeature>()!.Error)),
        });
        app.UseStatusCodePages(context => WriteAsync(context.HttpContext, Of(context.HttpContext)));
    }

    internal static ProblemException Of(Exception exception) => exception switch
    {
        ProblemException problem => problem,
        BadHttpRequestException { StatusCode: 413 } => new(413, "too_large", "The body is larger than this endpoint accepts."),
        BadHttpRequestException bad => new(bad.StatusCode, "bad_request", bad.Message),
        InvalidDataException => new(400, "malformed_body", "The body could not be decompressed to its end."),
        VersionConflictException stale => new(
            409, "version_conflict", $"{stale.Message} Nothing was stored.",
            new Fault("expectedVersion", "version_conflict", $"the current version is {stale.Actual}"))
        {
            CurrentVersion = stale.Actual,
        },
        TooManyWaitingException => new(503, "overloaded", "More events arrive than the database commits; nothing of this batch was stored.") { RetryAfter = 1 },
        TooManyFoldsException => new(429, "too_many_folds", "The tenant asks more questions that fold histories than may wait at once.") { RetryAfter = 2 },
        PostgresException { SqlState: ['2', '1' or '2' or '3', ..] or ['4', '2', ..] } =>
            new(500, "internal_error", "The service failed to answer; its log says why."),
        NpgsqlException or TimeoutException => new(503, "database_unavailable", "The database does not answer; nothing unacknowledged is certain.")
        {
            RetryAfter = 1,
        },
        _ => new(500, "internal_error", "The service failed to answer; its log says why."),
    };

    private static ProblemException Of(HttpContext context) => context.Response.StatusCode switch
    {
        404 => new(404, "not_found", $"There is nothing at {context.Request.Path}."),
        405 => new(405, "method_not_allowed", $"{context.Request.Path} does not take {context.Request.Method}."),
        415 => new(415, "unsupported_media_type", $"Content-Type must be {Accepted(context)}."),
        var status => new(status, "error", $"The request was answered with status {status}."),
    };

    /// <summary>The media types that the path takes.</summary>
    private static string Accepted(HttpContext context) => string.Join(" or ", context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>().Where(route => route.RoutePattern.RawText == context.Request.Path)
        .SelectMany(route => route.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes ?? []).Distinct());

    private static Task WriteAsync(HttpContext context, ProblemException problem)
    {
        Instruments.Problems.Add(1, new("code", problem.Code), new("http.response.status_code", problem.Status));
        context.Response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (problem.Challenge is { } challenge) context.Response.Headers.WWWAuthenticate = challenge;
        if (problem.Location is { } location) context.Response.Headers.Location = location;
        var body = new
        {
            type = $"urn:retention:problem:{problem.Code}",
            title = Titles.GetValueOrDefault(problem.Status, "Error"),
            status = problem.Status,
            detail = problem.Message,
            code = problem.Code,
            errors = problem.Errors,
            currentVersion = problem.CurrentVersion,
        };
        return context.Response.WriteAsJsonAsync(body, Json, "application/problem+json", context.RequestAborted);
    }
}
