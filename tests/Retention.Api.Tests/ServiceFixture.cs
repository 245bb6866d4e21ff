using Microsoft.AspNetCore.Builder;
using Npgsql;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;

[assembly: AssemblyFixture(typeof(Retention.Api.Tests.ServiceFixture))]

namespace Retention.Api.Tests;

/// <summary>
/// The real service on a loopback port over a throw-away PostgreSQL, for the whole test run. Each test speaks for tenants of its own.
/// </summary>
public sealed class ServiceFixture : IAsyncLifetime
{
    private EmbeddedPostgres? postgres;
    private RunningApi? shared;

    /// <summary>As the owner of all tables, for what tests look for in them.</summary>
    public string ConnectionString => postgres!.ConnectionString;

    /// <summary>The service that tests share; its clock is the system's.</summary>
    public RunningApi Api => shared!;

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string> { ["max_connections"] = "200" };
        postgres = await EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(_ => { }) with { Settings = settings });
        shared = await StartAsync("retention", TimeProvider.System);
    }

    /// <summary>Another service in a schema of its own, for a test that moves the clock or stops what others need.</summary>
    public Task<RunningApi> StartAsync(string schema, TimeProvider time) =>
        RunningApi.StartAsync(OptionsFor(schema), time);

    /// <summary>A service that owns no table, as <c>retention up</c> starts it.</summary>
    public ServiceOptions OptionsFor(string schema) =>
        new(postgres!.ServiceConnectionString, Port: 0, schema) { AllowFsyncOff = true, OwnerConnectionString = ConnectionString };

    /// <summary>A tenant that nobody else uses, named after the test's own word for it.</summary>
    public TestTenant NewTenant(string word = "t") => Api.Tenant($"{word}-{Guid.NewGuid():n}"[..30]);

    public async ValueTask DisposeAsync()
    {
        if (shared is not null) await shared.DisposeAsync();
        if (postgres is not null) await postgres.DisposeAsync();
    }
}

/// <summary>A service in this process, and a client for it.</summary>
public sealed class RunningApi : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly NpgsqlDataSource owner;

    private RunningApi(WebApplication app, HttpClient client, ServiceOptions options)
    {
        (this.app, Client) = (app, client);
        owner = NpgsqlDataSource.Create(options.OwnerConnectionString ?? options.ConnectionString);
        Owned = new Place(owner, options.Schema);
    }

    public HttpClient Client { get; }

    /// <summary>The service's tables as their owner sees them, as commands on the database itself do.</summary>
    public Place Owned { get; }

    public IServiceProvider Services => app.Services;

    /// <param name="more">What the test adds to the service.</param>
    public static async Task<RunningApi> StartAsync(ServiceOptions options, TimeProvider time, Action<WebApplication>? more = null)
    {
        var app = RetentionApp.Build(options, time);
        more?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var api = new RunningApi(app, new HttpClient { BaseAddress = new Uri(app.Urls.First()) }, options);
        while (!(await api.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        return api;
    }

    public TestTenant Tenant(string name) => new(Client, name);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await owner.DisposeAsync();
    }
}

/// <summary>A clock that tests set; what measures how long something takes follows it too.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    private readonly DateTimeOffset started = now;

    public DateTimeOffset Now { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => (Now - started).Ticks;
}
