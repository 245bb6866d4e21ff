namespace Retention.Api.Tests.Telemetry;

public sealed class ExportTests(ExportedRun run) : IClassFixture<ExportedRun>
{
    /// <summary>The attributes that our own metrics may have: each has few values, and none names a tenant or a customer.</summary>
    private static readonly string[] Labels = ["outcome", "code", "http.response.status_code"];

    [Fact]
    public void A_trace_leads_from_the_request_by_its_append_to_the_batch_that_reflects_it()
    {
        var trace = run.Collector.Spans.Where(span => span.Trace == ExportedRun.Trace).ToList();
        var request = trace.Single(span => span.Name == "POST /v1/events");
        var append = trace.Single(span => span.Name == "append");
        var commit = trace.Single(span => span.Name == "commit");
        (request.Parent, append.Parent, commit.Parent).ShouldBe(("b7ad6b7169203331", request.Id, append.Id));
        (append.Attributes["retention.tenant"], request.Attributes["http.route"]).ShouldBe(("shop", "/v1/events"));
        trace.ShouldContain(span => span.Parent == commit.Id, "statements of the append are part of its commit");

        var batch = run.Collector.Spans.Where(span => span.Links.Contains((append.Trace, append.Id))).ShouldHaveSingleItem();
        (batch.Name, batch.Parent).ShouldBe(("project batch", ""));
        batch.Trace.ShouldNotBe(append.Trace);
    }

    [Fact]
    public void Metrics_tell_of_ingest_lag_folds_cache_queue_and_errors()
    {
        var names = run.Collector.Metrics.Select(metric => metric.Name).ToHashSet();
        string[] own =
        [
            "retention.ingest.events", "retention.append.duration", "retention.append.group", "retention.append.queue", "retention.projection.events",
            "retention.projection.batch.duration", "retention.projection.lag", "retention.projection.lag.time", "retention.projection.faults", "retention.tenants.paused",
            "retention.fold.duration", "retention.answers", "retention.answers.memory", "retention.histories.memory", "retention.problems",
        ];
        string[] others = ["http.server.request.duration", "kestrel.active_connections", "db.client.operation.duration", "dotnet.gc.collections"];
        own.Concat(others).Except(names).ShouldBeEmpty();
        names.Where(name => name.StartsWith("retention.", StringComparison.Ordinal)).Except(own).ShouldBeEmpty();

        OutcomesOf("retention.ingest.events").ShouldBe(["accepted", "rejected"], ignoreOrder: true);
        OutcomesOf("retention.answers").ShouldBe(["kept", "made"], ignoreOrder: true);
        foreach (var metric in run.Collector.Metrics.Where(metric => metric.Name.StartsWith("retention.", StringComparison.Ordinal)))
            metric.Attributes.SelectMany(point => point.Keys).Except(Labels).ShouldBeEmpty(metric.Name);
    }

    [Fact]
    public void Logs_of_a_request_bear_its_trace()
    {
        var asked = run.Collector.Spans.Where(span => span.Name == "GET /v1/customers/{id}/timeline").Select(span => span.Trace).ToList();
        run.Collector.Logs.ShouldContain(log => asked.Contains(log.Trace) && log.Body.Contains("unhandled exception", StringComparison.Ordinal));
        run.Collector.Services.Distinct().ShouldBe(["retention"]);
    }

    [Fact]
    public void What_a_customer_is_called_and_said_is_in_no_span_metric_or_log()
    {
        run.Collector.Holds("/v1/customers/{id}").ShouldBeTrue();
        run.Collector.Holds(ExportedRun.Canary).ShouldBeFalse();
        run.Printed.ShouldNotContain(ExportedRun.Canary);
    }

    private List<string> OutcomesOf(string name) =>
        [.. run.Collector.Metrics.Where(metric => metric.Name == name).SelectMany(metric => metric.Attributes).Select(point => point["outcome"]).Distinct()];
}
