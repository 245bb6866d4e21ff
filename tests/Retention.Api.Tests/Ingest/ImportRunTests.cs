using System.IO.Compression;
using System.Text;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

public sealed class ImportRunTests
{
    private readonly List<IReadOnlyList<Envelope>> batches = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_reach_the_store_in_batches_and_the_report_sums_its_answers()
    {
        var run = new ImportRun(Cdnow.Mapping, File(Rows(4_500)), Store);

        var report = await run.RunAsync(Cancellation);

        batches.Select(batch => batch.Count).ShouldBe([2_000, 2_000, 500]);
        (report.LinesRead, report.Accepted, report.Duplicates, report.RejectedEvents, report.Position).ShouldBe((4_500, 4_494, 3, 3, 4_500));
        report.Rejected[0].ShouldBeEquivalentTo(
            new RejectedEvent("2", "purchase_made", "c2", "too_large", [new Fault("data.total", "too_large", "is too large")]));
        run.Progress.ShouldBe(new ImportProgress(4_500, run.Progress.BytesTotal, run.Progress.BytesTotal, 4_500, 4_500));
    }

    [Fact]
    public async Task Gzip_is_known_by_its_first_bytes_and_may_have_several_members()
    {
        var packed = new MemoryStream();
        packed.Write(Packed("customer,date,units,amount\na,1997-01-01,1,1.00\n"));
        packed.Write(Packed("b,1997-01-01,1,1.00\n"));

        (await new ImportRun(Cdnow.Mapping, packed.Rewound(), Store).RunAsync(Cancellation)).Accepted.ShouldBe(2);
    }

    [Fact]
    public async Task A_dry_run_stores_nothing_and_reports_what_it_would()
    {
        var report = await new ImportRun(Cdnow.Mapping, File(Rows(3) + "x,oops,1,1\n"), null).RunAsync(Cancellation);

        report.EventsMade["purchase_made"].ShouldBe(3);
        (report.Accepted, report.RefusedLines, report.Position).ShouldBe((0, 1, null));
    }

    [Fact]
    public async Task Cut_gzip_is_an_error_and_what_came_before_is_stored()
    {
        var packed = Packed(Rows(50_000));
        var run = new ImportRun(Cdnow.Mapping, new MemoryStream(packed[..(packed.Length / 2)]), Store);

        (await Should.ThrowAsync<ImportRefusedException>(() => run.RunAsync(Cancellation))).Code.ShouldBe("corrupt_gzip");
        run.Report.Accepted.ShouldBeGreaterThan(2_000);
    }

    [Fact]
    public void A_report_survives_its_JSON()
    {
        var report = new ImportReport();
        _ = OnlineRetail.Mapping.Read(
            new StringReader("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\nC1,A,-1,2010-12-01 08:00:00,1,c,UK\n1"), report).Count();

        var json = System.Text.Json.JsonSerializer.Serialize(report, ImportReport.Json);

        json.ShouldContain("\"unmatchedReturnUnits\":1");
        json.ShouldContain("\"refused\":[{\"line\":3,\"code\":\"malformed\"");
        System.Text.Json.JsonSerializer.Serialize(
            System.Text.Json.JsonSerializer.Deserialize<ImportReport>(json, ImportReport.Json), ImportReport.Json).ShouldBe(json);
    }

    [Fact]
    public void Refused_lines_are_written_as_CSV()
    {
        var report = new ImportReport();
        report.Refuse(3, "not_a_number", "Quantity must be a number; it is '\"x\"'.");
        var text = new StringWriter();

        report.WriteRefused(text);

        text.ToString().ShouldBe("line,code,message\n3,not_a_number,\"Quantity must be a number; it is '\"\"x\"\"'.\"\n");
    }

    private static string Rows(int count) =>
        "customer,date,units,amount\n" + string.Concat(Enumerable.Range(1, count).Select(row => $"c{row},1997-01-01,1,{row % 977}.50\n"));

    private static MemoryStream File(string text) => new(Encoding.UTF8.GetBytes(text));

    private static byte[] Packed(string text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    /// <summary>Finds the first event of every batch again and takes all others but the second.</summary>
    private Task<IngestOutcome> Store(IReadOnlyList<Envelope> events, CancellationToken cancellation)
    {
        batches.Add(events);
        if (events.Count < 100) return Task.FromResult(new IngestOutcome(events.Count, 0, [], events.Count, 0));
        var rejection = new Rejection(1, events[1].Id, "too_large", [new Fault("data.total", "too_large", "is too large")]);
        return Task.FromResult(new IngestOutcome(events.Count - 2, 1, [rejection], batches.Sum(batch => batch.Count), 0));
    }
}

file static class Streams
{
    public static T Rewound<T>(this T stream) where T : Stream
    {
        stream.Position = 0;
        return stream;
    }
}
