using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Retention.Api.Ingest.Imports;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.Ingest;

public sealed class ImportEndpointsTests(ScratchPostgres postgres) : IClassFixture<ScratchPostgres>, IAsyncLifetime
{
    private const string Two = "customer,date,units,amount\na,1997-01-01,1,1.00\nb,1997-01-01,1,1.00\nb,oops,1,1.00\n";

    private ImportTrial trial = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => trial = await ImportTrial.StartAsync(await postgres.NewDatabaseAsync());

    public ValueTask DisposeAsync() => trial.DisposeAsync();

    [Fact]
    public async Task An_import_answers_with_its_report_when_all_is_stored_and_a_second_one_finds_duplicates()
    {
        var first = await ImportAsync(await PostAsync("mapping=cdnow", Two));
        (first.Status, first.Report!.Accepted, first.Report.RefusedLines, first.Report.Position).ShouldBe(("done", 2, 1, 2));
        trial.Adopted.ShouldBe(["default cdnow"]);

        var second = await ImportAsync(await PostAsync("mapping=cdnow", Two));
        (second.Report!.Accepted, second.Report.Duplicates).ShouldBe((0, 2));

        var shown = await ImportAsync(await trial.Client.GetAsync($"/v1/imports/{second.Id}", Cancellation));
        shown.ShouldBeEquivalentTo(second with { StartedAt = shown.StartedAt, FinishedAt = shown.FinishedAt });
    }

    [Fact]
    public async Task A_dry_run_stores_and_adopts_nothing()
    {
        var import = await ImportAsync(await PostAsync("mapping=cdnow&dryRun=true", Two));

        (import.DryRun, import.Status, import.Report!.EventsMade["purchase_made"]).ShouldBe((true, "done", 2));
        trial.Stored.ShouldBeEmpty();
        trial.Adopted.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_comes_with_its_own_mapping_in_either_order()
    {
        const string mapping = """{ "source": "own", "events": [ { "type": "purchase_refunded", "id": "{#}", "customer": "{A}", "occurredAt": "{B}", "data": { "orderId": "o", "amount": 1 } } ] }""";
        const string file = "A,B\nc-1,2026-01-01\nc-2,never\n";

        var first = await ImportAsync(await trial.Client.PostAsync("/v1/imports?mapping=custom", new MultipartFormDataContent { { new StringContent(mapping), "mapping" }, { new StringContent(file), "file", "a.csv" } }, Cancellation));
        (first.Mapping, first.Report!.Accepted, first.Report.RefusedLines).ShouldBe(("own", 1, 1));
        var second = await ImportAsync(await trial.Client.PostAsync("/v1/imports?mapping=custom", new MultipartFormDataContent { { new StringContent(file), "file", "a.csv" }, { new StringContent(mapping), "mapping" } }, Cancellation));
        second.Report!.Duplicates.ShouldBe(1);
    }

    [Theory]
    [InlineData("mapping", "{ \"source\": 1 }", 422, "invalid_mapping", "mapping.source")]
    [InlineData("mapping", "{", 400, "malformed_json", "not JSON")]
    [InlineData("mapping", "{ \"source\": \"s\", \"events\": [ { \"type\": \"customer_departed\", \"id\": \"{#}\", \"customer\": \"{A}\", \"occurredAt\": \"{A}\" } ] }", 400, "malformed_body", "part file is missing")]
    [InlineData("file", "A,B", 400, "malformed_body", "part mapping is missing")]
    [InlineData("table", "A,B", 400, "malformed_body", "allowed are mapping and file")]
    public async Task A_body_that_is_not_both_is_refused(string part, string text, int status, string code, string words) =>
        await ShouldBeProblemAsync(await trial.Client.PostAsync("/v1/imports?mapping=custom", new MultipartFormDataContent { { new StringContent(text), part } }, Cancellation), status, code, words);

    [Fact]
    public async Task A_mapping_of_ones_own_needs_both_parts() => await ShouldBeProblemAsync(await PostAsync("mapping=custom", Two), 415, "unsupported_media_type", "multipart/form-data");

    [Fact]
    public async Task Respond_async_answers_at_once_and_the_import_can_be_followed()
    {
        var gate = new TaskCompletionSource();
        trial.BeforeStoring = () => gate.Task;

        var response = await PostAsync("mapping=cdnow", Two, ("Prefer", "respond-async"));
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var location = response.Headers.Location!.ToString();
        await UntilAsync(location, import => import.Status == "storing");
        gate.SetResult();
        (await UntilAsync(location, import => import.Status == "done")).Report!.Accepted.ShouldBe(2);
    }

    [Fact]
    public async Task An_import_is_seen_by_its_own_tenant_only()
    {
        var import = await ImportAsync(await PostAsync("mapping=cdnow", Two));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/imports/{import.Id}") { Headers = { { "Retention-Tenant", "other" } } };

        (await trial.Client.SendAsync(request, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_import_whose_process_ended_reads_as_interrupted()
    {
        var import = new Import(Guid.NewGuid(), "cdnow", false, "storing", DateTimeOffset.UnixEpoch, null, new(1, 1, 1, 1, 1), null, null);
        var entry = await trial.Table.EnterAsync("default", import);
        (await ImportAsync(await trial.Client.GetAsync($"/v1/imports/{import.Id}", Cancellation))).Status.ShouldBe("storing");
        await entry.DisposeAsync();

        (await ImportAsync(await trial.Client.GetAsync($"/v1/imports/{import.Id}", Cancellation))).Status.ShouldBe("interrupted");
    }

    [Fact]
    public async Task A_store_that_fails_ends_the_import_as_failed_and_says_so()
    {
        trial.BeforeStoring = () => throw new TimeoutException("The database is away.");

        var response = await PostAsync("mapping=cdnow", Two);

        await ShouldBeProblemAsync(response, 500, "import_failed", "The database is away.");
        var import = await ImportAsync(await trial.Client.GetAsync(response.Headers.Location, Cancellation));
        (import.Status, import.Error!.Code, import.Report!.Accepted).ShouldBe(("failed", "import_failed", 0));
    }

    [Theory]
    [InlineData("mapping=cdnow", "a,b\n1,2", "wrong_header", "customer, date, amount")]
    [InlineData("mapping=cdnow", "", "empty_file", "customer, date, amount")]
    [InlineData("mapping=magento", Two, "not_allowed", "online-retail, cdnow")]
    [InlineData("", Two, "required", "online-retail, cdnow")]
    [InlineData("mapping=cdnow&dryRun=yes", Two, "not_allowed", "true, false")]
    [InlineData("mapping=cdnow&dry=true", Two, "unknown_parameter", "dryRun, mapping")]
    public async Task What_is_wrong_is_named_with_what_is_allowed(string query, string body, string code, string allowed) =>
        await ShouldBeProblemAsync(await PostAsync(query, body), 400, code, allowed);

    [Fact]
    public async Task Another_media_type_is_415() => await ShouldBeProblemAsync(
        await trial.Client.PostAsync("/v1/imports?mapping=cdnow", new StringContent("", Encoding.UTF8, "text/html"), Cancellation), 415, "unsupported_media_type", "text/csv");

    private static async Task<Import> ImportAsync(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync<Import>(ImportReport.Json, Cancellation))!;
    }

    private static async Task ShouldBeProblemAsync(HttpResponseMessage response, int status, string code, string words)
    {
        ((int)response.StatusCode).ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        problem.GetProperty("code").GetString().ShouldBe(code);
        problem.GetRawText().ShouldContain(words);
    }

    private Task<HttpResponseMessage> PostAsync(string query, string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/imports?{query}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return trial.Client.SendAsync(request, Cancellation);
    }

    private async Task<Import> UntilAsync(string location, Func<Import, bool> holds)
    {
        while (true)
        {
            var import = await ImportAsync(await trial.Client.GetAsync(location, Cancellation));
            if (holds(import)) return import;
            import.IsRunning.ShouldBeTrue();
        }
    }
}
