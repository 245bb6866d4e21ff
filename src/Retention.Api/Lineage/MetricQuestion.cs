using System.Text.Json;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Retention.Api.Tenancy;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>A question to a metric as a client asks it: a path, and parameters as they are spelled.</summary>
internal sealed record MetricQuestion(CatalogueEntry Metric, IReadOnlyList<KeyValuePair<string, string>> Parameters)
{
    private static readonly string[] Handed = [Tenant.Header, "Authorization"];

    /// <summary>The metrics that answer by periods.</summary>
    private static IEnumerable<CatalogueEntry> All => Catalogue.All.Where(metric => metric.Grains.Count > 0 && metric != Catalogue.Settling && metric.Path is { } path
        && (path.StartsWith("/v1/metrics/", StringComparison.Ordinal) || path == Catalogue.Cohorts.Path));

    /// <summary>Lists of customers, which are of one moment.</summary>
    public static IReadOnlyList<CatalogueEntry> Lists { get; } =
        [Catalogue.Rfm, Catalogue.LapsedRegulars, Catalogue.AtRisk, VoiceCatalogue.Detractors, VoiceCatalogue.OpenComplaints, VoiceCatalogue.Breaches];

    public bool IsList => Lists.Contains(Metric);

    /// <summary>What a request asks of the metric that its path names, besides what the request itself is about.</summary>
    /// <param name="own">Names of parameters of the request itself.</param>
    /// <param name="lists">Whether it may be a list.</param>
    /// <exception cref="ProblemException">404 for a metric that is none, or has no periods.</exception>
    public static MetricQuestion Of(HttpContext http, string metric, IReadOnlyList<string> own, bool lists = false) => new(
        Lists.FirstOrDefault(list => lists && list.Name == metric) ?? Named(metric),
        [.. http.Request.Query.Where(pair => !own.Contains(pair.Key)).SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value ?? ""))]);

    /// <exception cref="ProblemException">404 for a metric that is none, or has no periods.</exception>
    public static CatalogueEntry Named(string metric) => All.FirstOrDefault(entry => entry.Name == metric)
        ?? throw new ProblemException(404, "unknown_metric", $"There is no metric {metric} here; there are {string.Join(", ", All.Select(entry => entry.Name))}.");

    /// <summary>Names of metrics of periods and of lists.</summary>
    public static IReadOnlyList<string> Names => [.. All.Concat(Lists).Select(entry => entry.Name)];

    /// <summary>The metric of a path; null where it is of none.</summary>
    public static CatalogueEntry? At(string path) => Catalogue.All.FirstOrDefault(entry => entry.Path == path);

    public bool Has(string name) => Parameters.Any(pair => pair.Key == name);

    /// <summary>The question with one parameter as given; null leaves it out.</summary>
    public MetricQuestion With(string name, string? value)
    {
        var others = Parameters.Where(pair => pair.Key != name);
        return this with { Parameters = [.. value is null ? others : others.Append(new(name, value))] };
    }

    /// <summary>Asks inside of the process, for the tenant and with the rights of a request.</summary>
    /// <param name="scope">Whose facts are folded; null for everybody's.</param>
    /// <returns>The answer's JSON.</returns>
    /// <exception cref="ProblemException">What the metric answers to a question that is not possible.</exception>
    public async Task<JsonElement> AskAsync(HttpContext http, FoldScope? scope = null)
    {
        var endpoint = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().First(route =>
            route.RoutePattern.RawText == Metric.Path && route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true);
        using var body = new MemoryStream();
        var inner = new DefaultHttpContext { RequestServices = http.RequestServices, RequestAborted = http.RequestAborted, User = http.User };
        inner.Request.Method = "GET";
        inner.Request.Path = Metric.Path;
        inner.Request.QueryString = new QueryBuilder(Parameters).ToQueryString();
        foreach (var name in Handed) inner.Request.Headers[name] = http.Request.Headers[name];
        foreach (var (key, value) in http.Items) inner.Items[key] = value;
        inner.Features.Set(Security.Caller.Of(http));
        if (scope is not null) inner.Features.Set(scope);
        inner.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        inner.SetEndpoint(endpoint);
        await endpoint.RequestDelegate!(inner);
        await inner.Response.CompleteAsync();
        return JsonElement.Parse(body.ToArray());
    }
}
