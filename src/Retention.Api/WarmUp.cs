using Npgsql;
using Retention.Api.Lineage;
using Retention.Api.Tenancy;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Api;

/// <summary>
/// Asks the usual questions of some tenant before the service says that it is ready: whoever asks first then waits for cells, and not for
/// the compiler. Nothing that it is answered is kept.
/// </summary>
internal static class WarmUp
{
    private static readonly CatalogueEntry[] Metrics = [Catalogue.Retention, Catalogue.Cohorts, Catalogue.Revenue];

    private static readonly KeyValuePair<string, string>[][] Ways = [[], [new("grain", "week")], [new("groupBy", "country")]];

    public static async Task RunAsync(IServiceProvider services, CancellationToken ct)
    {
        try
        {
            if (await TenantAsync(services, ct) is not { } tenant) return;
            foreach (var metric in Metrics)
            {
                foreach (var way in Ways) await AskAsync(services, tenant, new MetricQuestion(metric, way), ct);
            }
        }
        catch (Exception e) when (e is ProblemException or NpgsqlException)
        {
            // Whoever asks is told what is wrong; nobody does yet.
        }
    }

    private static async Task AskAsync(IServiceProvider services, string tenant, MetricQuestion question, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = ct };
        http.Request.Headers[Tenant.Header] = tenant;
        await question.AskAsync(http);
    }

    /// <summary>A tenant whose questions are answered from maintained cells; null where there is none.</summary>
    private static async Task<string?> TenantAsync(IServiceProvider services, CancellationToken ct)
    {
        await using var command = services.GetRequiredService<Place>().Command(
            "select tenant_id from {schema}.reflections where not stale and latest_fact between 1 and $1 order by latest_fact desc limit 1");
        command.Parameters.AddWithValue(services.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks);
        return (string?)await command.ExecuteScalarAsync(ct);
    }
}
