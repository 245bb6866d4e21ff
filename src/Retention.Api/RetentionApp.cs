using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;
using Retention.Api.Clv;
using Retention.Api.Customers;
using Retention.Api.Demo;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Api.Ingest.Webhooks;
using Retention.Api.Lineage;
using Retention.Api.Metrics;
using Retention.Api.OpenApi;
using Retention.Api.Polling;
using Retention.Api.Replays;
using Retention.Api.Security;
using Retention.Api.Security.Limiting;
using Retention.Api.Security.Tokens;
using Retention.Api.Telemetry;
using Retention.Api.Tenancy;
using Retention.Api.Voice;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.Replays;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Api;

/// <summary>The web host: what it is made of, and its routes.</summary>
public static class RetentionApp
{
    public static WebApplication Build(ServiceOptions options, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            BeImpatient(kestrel.Limits, options.Limits);
            if (options.Listen is { } address) kestrel.Listen(address, options.Port);
            else if (options.Port == 0) kestrel.Listen(IPAddress.Loopback, 0);
            else kestrel.ListenLocalhost(options.Port);
        });
        AddServices(builder.Services, options, time ?? TimeProvider.System);
        var exports = Exporting.IsWanted(builder.Configuration);
        if (exports) builder.Services.AddSingleton<ILoggerProvider, Exporting>().AddHostedService<Gauges>();
        var app = builder.Build();
        if (exports) app.UseRequestSpans();
        app.UseProblems();
        app.UseFarewell();
        app.Use(next => http => http.RequestServices.GetRequiredService<Gate>().EnterAsync(http, next));
        var throttle = app.Services.GetRequiredService<Throttle>();
        app.Use(next => http => throttle.AdmitAsync(http, next));
        var epochs = app.Services.GetRequiredService<EpochGate>();
        app.Use(next => http => epochs.EnterAsync(http, next));
        app.UseDashboard(options.Dashboard);
        if (options.Origins.Count > 0) app.UseCors();
        var polling = app.Services.GetRequiredService<PolledAnswers>();
        app.Use(next => http => polling.AnswerAsync(http, next));
        app.UseRequestDecompression();
        MapRoutes(app);
        return app;
    }

    private static void BeImpatient(KestrelServerLimits kestrel, Limits limits)
    {
        kestrel.RequestHeadersTimeout = limits.HeaderTime;
        kestrel.MinRequestBodyDataRate = kestrel.MinResponseDataRate = new MinDataRate(limits.BytesPerSecond, limits.Grace);
        kestrel.MaxConcurrentConnections = limits.Connections;
        kestrel.MaxRequestBodySize = Math.Min(limits.DocumentBytes, kestrel.MaxRequestBodySize ?? long.MaxValue);
    }

    private static void AddServices(IServiceCollection services, ServiceOptions options, TimeProvider time)
    {
        services.AddSingleton(options).AddSingleton(time);
        services.AddSingleton(_ => SessionsOf(options));
        services.AddSingleton(all => new Place(all.GetRequiredService<Sessions>(), options.Schema, options.HistoryMemory)
        {
            FoldsAtOnce = options.Limits.Folds,
            TenantHistoryMemory = options.Limits.TenantHistoryMemory ?? options.HistoryMemory,
        });
        services.AddSingleton<EventLog>().AddSingleton<GroupCommit>().AddSingleton(all => new SafePosition(all.GetRequiredService<Place>()));
        services.AddSingleton<CustomerKeys>().AddSingleton<Erasure>().AddSingleton<Sealing>();
        services.AddSingleton<Progress>().AddSingleton<ReflectionWatch>().AddSingleton<Notices>().AddSingleton<Owning>();
        services.AddSingleton(all => LeaseOf(all, options));
        services.AddSingleton<Tenants>().AddSingleton<TenantSettings>().AddSingleton<TenantChange>();
        services.AddSingleton<KnownCompleteness>().AddSingleton<FittedModels>().AddSingleton<ClvFitting>().AddSingleton<ClosedPeriods>();
        services.AddSingleton<ComplaintReceipts>().AddSingleton<ComplaintOrder>().AddSingleton<GivenScales>().AddSingleton<RevisedScores>();
        services.AddSingleton<Ingestion>().AddSingleton<Readiness>();
        services.AddSingleton(all => new ImportTable(all.GetRequiredService<Place>().For(Duty.Append), options.Schema));
        services.AddSingleton<ImportRuns>().AddSingleton<ImportRetraction>().AddSingleton<ShopifyRefunds>().AddSingleton(ImportTargetOf).AddSingleton<DemoTenant>();
        services.AddSingleton(options.Rebuilds).AddSingleton<Projections.Replays.Replays>().AddSingleton<SkippedEvents>();
        services.AddSingleton<ApiKeys>().AddSingleton<KeyRing>().AddSingleton<AdminActs>().AddSingleton<Gate>();
        services.AddSingleton<WebhookSecrets>().AddSingleton<SignedBody>();
        services.AddSingleton(options.Limits.Checked()).AddSingleton<DocumentMemory>().AddSingleton<Throttle>();
        if (options.Tokens is { } tokens) services.AddSingleton(tokens).AddSingleton<SigningKeys>().AddSingleton<BearerTokens>();
        services.AddHostedService<RefusingToStandOpen>();
        services.AddHostedService<Listening>().AddHostedService<Projecting>().AddHostedService<Watching>();
        services.AddSingleton<AnswerMemory>().AddSingleton<PolledAnswers>().AddSingleton<EpochGate>();
        services.AddResponseCompression();
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. options.Origins]).AllowAnyHeader().AllowAnyMethod()
            .WithExposedHeaders("ETag", "Link", "Location", "Preference-Applied", EpochGate.Header, "Retry-After", "Server-Timing").SetPreflightMaxAge(TimeSpan.FromHours(1))));
        services.AddRequestDecompression();
        services.AddOpenApi(openApi =>
        {
            AnswerSchema.Describe(openApi);
            SecuritySchema.Describe(openApi);
            openApi.AddDocumentTransformer<Described>();
        });
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainLimit);
    }

    private static Sessions SessionsOf(ServiceOptions options) => options.OwnerConnectionString is { } owner
        ? Sessions.Divided(options.ConnectionString, owner, (duty, connection) => DataSourceOf(connection, duty.Role().Replace('_', ' ')))
        : Sessions.Of(DataSourceOf(options.ConnectionString, "retention"));

    private static Lease LeaseOf(IServiceProvider all, ServiceOptions options) =>
        new(all.GetRequiredService<Place>(), all.GetRequiredService<Sessions>().StringFor(Duty.Project, options.ConnectionString), all.GetRequiredService<ILogger<Lease>>())
        {
            Term = options.LeaseTerm,
            Process = options.Node ?? Lease.ThisProcess,
        };

    /// <summary>Its spans and metrics bear a name, and not the connection string; what polls by itself makes no spans.</summary>
    private static NpgsqlDataSource DataSourceOf(string connection, string name)
    {
        var builder = new NpgsqlDataSourceBuilder(connection) { Name = name, ConnectionStringBuilder = { ApplicationName = "retention" } };
        builder.ConfigureTracing(traced => traced
            .ConfigureCommandFilter(_ => System.Diagnostics.Activity.Current is not null).ConfigureBatchFilter(_ => System.Diagnostics.Activity.Current is not null)
            .EnablePhysicalOpenTracing(false).ConfigureCopyOperationFilter(_ => System.Diagnostics.Activity.Current is not null));
        return builder.Build();
    }

    private static void MapRoutes(WebApplication app)
    {
        app.MapStatus();
        app.MapOpenApi("/openapi/v1.json");
        app.UseSwaggerUI(pages =>
        {
            pages.RoutePrefix = "docs";
            pages.DocumentTitle = "Retention API";
            pages.SwaggerEndpoint("/openapi/v1.json", "Retention");
        });
        app.MapTenants();
        app.MapAudit();
        app.MapEvents();
        app.MapEventTypes();
        app.MapGet("/v1/events", ExportEndpoint.GetAsync).WithTags("Ingest").WithSummary("The tenant's events in log order, as NDJSON or CSV");
        app.MapGet("/v1/events/stream", StreamEndpoint.GetAsync).WithTags("Ingest").WithSummary("The log as server-sent events, as it grows");
        app.MapExports();
        app.MapImports();
        app.MapWebhooks();
        app.MapCustomers();
        app.MapClv();
        app.MapGet("/v1/cohorts", CohortsEndpoint.GetAsync).WithTags("Metrics").Describes<CohortAnswer>("Cohorts of customers over periods");
        app.MapGet("/v1/dimensions/{name}/values", DimensionEndpoint.GetAsync).WithTags("Metrics").Describes<DimensionAnswer>("Values for filters, with how many customers have each");
        var metrics = app.MapGroup("/v1/metrics").WithTags("Metrics");
        metrics.MapGet("retention", RetentionEndpoint.GetAsync).Answers<RetentionFigures>("Retention, churn and the waterfall between them");
        metrics.MapGet("lifecycle", LifecycleEndpoint.GetAsync).Answers<LifecycleFigures>("New, returning, resurrected and dormant customers");
        metrics.MapGet("revenue", RevenueEndpoint.GetAsync).Answers<RevenueFigures>("Orders, revenue and repeat rates");
        metrics.MapGet("revenue-retention", RevenueRetentionEndpoint.GetAsync).Answers<RevenueRetentionFigures>("Gross and net revenue retention, and the movements between two periods");
        metrics.MapGet("time-between-purchases", PurchaseGapsEndpoint.GetAsync).Describes<PurchaseGapsAnswer>("Days to the next purchase, with the curve that knows the open gaps");
        metrics.MapGet("survival", SurvivalEndpoint.GetAsync).Describes<SurvivalAnswer>("For how long customers stay: Kaplan–Meier, and log-rank between groups");
        metrics.MapGet("clv", ClvEndpoint.GetAsync).Describes<ClvAnswer>("Lifetime value by cohort, historic and predicted");
        metrics.MapGet("settling", SettlingEndpoint.GetAsync).Describes<SettlingAnswer>("How late events come, and so how complete recent periods are");
        app.MapVoice();
        app.MapLineage();
        app.MapReplays();
    }

    private static ImportTarget ImportTargetOf(IServiceProvider services)
    {
        var ingestion = services.GetRequiredService<Ingestion>();
        var (refunds, settings, tenants) =
            (services.GetRequiredService<ShopifyRefunds>(), services.GetRequiredService<TenantSettings>(), services.GetRequiredService<Tenants>());
        return new ImportTarget(tenant => (events, ct) => refunds.StoreAsync(tenant, events, ct), AdoptAsync)
        {
            Issued = services.GetRequiredService<EventLog>().LastIssuedAsync,
            Check = tenant => async (events, ct) => new IngestOutcome(0, 0, await ingestion.RefusedAsync(tenant, events, ct), 0, 0),
        };

        async Task AdoptAsync(string tenant, Mapping mapping, CancellationToken ct)
        {
            await tenants.CreateAsync(tenant, ct);
            await settings.ChangeAsync(tenant, current =>
            {
                var (zone, currency) = (current.Settings.TimeZone ?? mapping.TimeZone, current.Settings.Currency ?? mapping.Currency);
                return (zone, currency) == (current.Settings.TimeZone, current.Settings.Currency) ? current.Settings : current.Settings with { TimeZone = zone, Currency = currency };
            }, ct);
        }
    }
}
