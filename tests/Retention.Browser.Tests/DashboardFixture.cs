using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Retention.Api;
using Retention.Api.Clv;
using Retention.Api.Demo;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Projections.Embedded;
using Retention.Projections.Running;

[assembly: AssemblyFixture(typeof(Retention.Browser.Tests.DashboardFixture))]

namespace Retention.Browser.Tests;

/// <summary>The service with its dashboard and a small demo shop with a fitted model, and a browser to look at it.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    private EmbeddedPostgres? postgres;
    private WebApplication? app;
    private IPlaywright? playwright;
    private IBrowser? browser;

    public HttpClient Client { get; } = new();

    public Uri Url => Client.BaseAddress!;

    /// <summary>The source of axe, which finds what keeps people from using a page.</summary>
    public string Axe { get; private set; } = "";

    /// <summary>Where pictures of the pages are put.</summary>
    public static string Pictures { get; } = Path.Combine(Root, "artifacts", "pictures");

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Retention.sln"))) folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("The tests are not below the folder of Retention.sln.");
        }
    }

    public async ValueTask InitializeAsync()
    {
        var built = Path.Combine(Root, "artifacts", "dashboard");
        if (!File.Exists(Path.Combine(built, "index.html")))
            throw new InvalidOperationException("The dashboard is not built: it takes Node.js 20 or newer with npm, and './retention test' builds it.");
        Axe = await File.ReadAllTextAsync(Path.Combine(Root, "dashboard", "node_modules", "axe-core", "axe.min.js"));
        postgres = await EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(_ => { }));
        app = RetentionApp.Build(new ServiceOptions(postgres.ServiceConnectionString, Port: 0) { AllowFsyncOff = true, OwnerConnectionString = postgres.ConnectionString, Dashboard = built });
        await app.StartAsync();
        Client.BaseAddress = new Uri(app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        Client.DefaultRequestHeaders.Add("Retention-Tenant", DemoTenant.Name);
        while (!(await Client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode) await Task.Delay(20);
        await LoadAsync(app.Services);
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = await Chromium.PathAsync(), Args = Chromium.Arguments });
        Directory.CreateDirectory(Pictures);
    }

    public Task<IPage> OpenAsync(int width = 1440, int height = 1000) =>
        browser!.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = height }, Locale = "en-GB", BypassCSP = true });

    /// <summary>What the service answers the demo shop.</summary>
    public async Task<JsonElement> AskAsync(string path) => JsonSerializer.Deserialize<JsonElement>(await Client.GetStringAsync(new Uri(path, UriKind.Relative)));

    /// <summary>Goes to an address of the dashboard, and waits until all that it shows is there.</summary>
    public async Task ShowAsync(IPage page, string address)
    {
        await page.GotoAsync(new Uri(Url, address).AbsoluteUri);
        await SettledAsync(page);
    }

    public static async Task SettledAsync(IPage page)
    {
        await page.WaitForSelectorAsync("main .card, main .kpis");
        await page.WaitForFunctionAsync("!document.querySelector('[aria-busy]')");
    }

    /// <summary>What the page complains about from now on, in the console and by exceptions.</summary>
    public static List<string> ErrorsOf(IPage page)
    {
        var errors = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") errors.Add($"{message.Text} {message.Location}");
        };
        page.PageError += (_, error) => errors.Add(error);
        return errors;
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        Client.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
        if (postgres is not null) await postgres.DisposeAsync();
    }

    private static async Task LoadAsync(IServiceProvider services)
    {
        var (ingestion, imports, progress) = (services.GetRequiredService<Ingestion>(), services.GetRequiredService<ImportTable>(), services.GetRequiredService<Progress>());
        var demo = new DemoTenant(ingestion, imports, progress, services.GetRequiredService<ClvFitting>(), TimeProvider.System) { Customers = 1_500 };
        await demo.LoadAsync(_ => { }, CancellationToken.None);
    }
}
