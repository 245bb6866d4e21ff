using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>NDJSON that ends before its end: what was stored stays, and the whole file again stores exactly what is missing.</summary>
public sealed partial class CutBodyTests(ServiceFixture service)
{
    private const string Ndjson = "application/x-ndjson";
    private const int Lines = 9_000;

    private static readonly string[] File =
        [.. Enumerable.Range(0, Lines).Select(number => Order($"c{number % 300}", $"2025-01-01T{number / 3600 % 24:d2}:{number / 60 % 60:d2}:{number % 60:d2}Z").ToJsonString())];

    [Fact]
    public async Task A_gzip_that_is_cut_short_stores_the_lines_before_and_says_so()
    {
        var shop = service.NewTenant("cut");
        var packed = Gzip(File);

        var cut = await shop.PostAsync("/v1/events", packed[..(packed.Length / 2)], Ndjson, "gzip");

        cut.ShouldBeProblem(400, "malformed_body", null, "decompressed", "sent again");
        var stored = StoredNow().Match(cut.Text).Groups[1].ValueSpan;
        await ShouldStoreTheRestAsync(shop, int.Parse(stored, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_atomic_body_that_is_cut_short_stores_nothing()
    {
        var shop = service.NewTenant("cut");
        var packed = Gzip(File[..1_000]);

        (await shop.PostAsync("/v1/events?atomic=true", packed[..(packed.Length / 2)], Ndjson, "gzip")).ShouldBeProblem(400, "malformed_body");

        (await shop.PostAsync("/v1/events", string.Join('\n', File[..1_000]), Ndjson)).Number("accepted").ShouldBe(1_000);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_keeps_whole_batches()
    {
        var shop = service.NewTenant("cut");
        var stored = 0;
        using (var breakOff = new CancellationTokenSource())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events")
            {
                Content = new EndlessContent(File[..5_000]),
                Headers = { { "Retention-Tenant", shop.Name } },
            };
            var sending = service.Api.Client.SendAsync(request, breakOff.Token);
            while (stored == 0) stored = await StoredAsync(shop);
            await breakOff.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(sending);
        }

        var whole = await shop.PostAsync("/v1/events", string.Join('\n', File), Ndjson);

        (whole.Number("accepted") + whole.Number("duplicates")).ShouldBe(Lines);
        whole.Number("duplicates").ShouldBeInRange(stored, 5_000);
    }

    [Fact]
    public async Task Refused_lines_beyond_ten_thousand_are_counted_and_not_listed()
    {
        var shop = service.NewTenant("refused");
        var lines = Enumerable.Repeat("{}", 10_500).Append(File[0]);

        var answer = await shop.PostAsync("/v1/events", string.Join('\n', lines), Ndjson);

        (answer.Number("accepted"), answer.List("rejected").Count, answer.Number("rejectedOmitted")).ShouldBe((1, 10_000, 500));
    }

    [Fact]
    public async Task A_line_without_end_is_refused_and_its_neighbours_are_stored()
    {
        var shop = service.NewTenant("long");
        var body = Encoding.UTF8.GetBytes($"{File[0]}\n#\n{File[1]}\n");
        var place = Array.IndexOf(body, (byte)'#');
        byte[] whole = [.. body[..place], .. Enumerable.Repeat((byte)'x', 20 << 20), .. body[(place + 1)..]];

        var answer = await shop.PostAsync("/v1/events", whole, Ndjson);

        answer.ShouldRefuse(1, "line_too_long", "", "1048576");
        answer.Number("accepted").ShouldBe(2);
    }

    private static async Task ShouldStoreTheRestAsync(TestTenant shop, int stored)
    {
        stored.ShouldBeInRange(Lines / 4, Lines - 1);
        var whole = await shop.PostAsync("/v1/events", Gzip(File), Ndjson, "gzip");

        (whole.Number("accepted"), whole.Number("duplicates"), whole.List("rejected").Count).ShouldBe((Lines - stored, stored, 0));
    }

    /// <summary>The events of an export, without its last line: those up to the safe position.</summary>
    private static async Task<int> StoredAsync(TestTenant shop)
    {
        var export = await shop.GetAsync("/v1/events");
        return export.Status == (int)HttpStatusCode.OK ? export.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1 : 0;
    }

    [GeneratedRegex(" ([0-9]+) are stored now and 0 were before")]
    private static partial Regex StoredNow();

    private static byte[] Gzip(IEnumerable<string> lines)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return packed.ToArray();
    }

    /// <summary>Sends lines and then nothing more, without an end.</summary>
    private sealed class EndlessContent : HttpContent
    {
        private readonly string[] lines;

        public EndlessContent(string[] lines)
        {
            this.lines = lines;
            Headers.ContentType = new MediaTypeHeaderValue(Ndjson);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines)), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
