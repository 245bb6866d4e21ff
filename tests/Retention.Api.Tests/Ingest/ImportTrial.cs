using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Api.Security.Limiting;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>The import endpoints over HTTP with their table in PostgreSQL; what would reach the log is only remembered.</summary>
public sealed class ImportTrial : IAsyncDisposable
{
    private readonly NpgsqlDataSource database;
    private readonly WebApplication service;

    private ImportTrial(NpgsqlDataSource database)
    {
        this.database = database;
        Table = new ImportTable(database, "r");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(Table).AddSingleton<ImportRuns>().AddSingleton(new Limits())
            .AddSingleton(new ImportTarget(tenant => (events, _) => StoreAsync(tenant, events), AdoptAsync));
        service = builder.Build();
        service.UseProblems();
        service.MapImports();
        service.MapGet("/v1/metrics/revenue", (long minPosition) => ++Asked > 1 && minPosition == Stored.Count ? Results.Ok() : Results.StatusCode(503));
    }

    public ImportTable Table { get; }

    public HttpClient Client { get; } = new();

    /// <summary>Tenant, source and id of each event.</summary>
    public HashSet<string> Stored { get; } = [];

    /// <summary>Tenants and mappings whose settings were asked for.</summary>
    public List<string> Adopted { get; } = [];

    /// <summary>How often figures were asked for; the first time they are behind.</summary>
    public int Asked { get; private set; }

    public Func<Task> BeforeStoring { get; set; } = () => Task.CompletedTask;

    public static async Task<ImportTrial> StartAsync(NpgsqlDataSource database)
    {
        var sql = await ScriptAsync("0030-imports.sql") + await ScriptAsync("0074-import-positions.sql");
        await using var create = database.CreateCommand("create schema r; " + sql.Replace("{schema}", "r", StringComparison.Ordinal));
        await create.ExecuteNonQueryAsync();

        var trial = new ImportTrial(database);
        await trial.service.StartAsync();
        trial.Client.BaseAddress = new Uri(trial.service.Urls.Single());
        return trial;
    }

    private static async Task<string> ScriptAsync(string name)
    {
        await using var script = Assembly.Load("Retention.Projections").GetManifestResourceStream($"Retention.Projections.ReadModels.{name}")!;
        return await new StreamReader(script).ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await service.DisposeAsync();
        await database.DisposeAsync();
    }

    private async Task<IngestOutcome> StoreAsync(string tenant, IReadOnlyList<Envelope> events)
    {
        await BeforeStoring();
        var accepted = events.Count(made => Stored.Add($"{tenant} {made.Source} {made.Id}"));
        return new IngestOutcome(accepted, events.Count - accepted, [], Stored.Count, 0);
    }

    private Task AdoptAsync(string tenant, Mapping mapping, CancellationToken cancellation)
    {
        Adopted.Add($"{tenant} {mapping.Name}");
        return Task.CompletedTask;
    }
}
