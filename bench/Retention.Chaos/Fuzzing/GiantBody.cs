using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Retention.Chaos.Fuzzing;

/// <summary>A body without end, as far as the service can tell: it is sent in chunks, and its length is not told.</summary>
/// <param name="Text">What comes before the many bytes, the one that there are many of, and what comes after.</param>
/// <param name="Told">A status and, in the answer's text, the word that says that it was understood.</param>
internal sealed record GiantBody(string What, string Target, string MediaType, (string Begin, char Fill, string End) Text, (int Status, string Word) Told)
{
    private const int Part = 16 << 20;

    private const string Orders = """
        {"id":"giant-#","source":"fuzz","type":"purchase_made","customer":"c-1","occurredAt":"2025-03-01T12:00:00Z","data":{"orderId":"giant-#","currency":"EUR","total":1}}
        """;

    private const string Form = "--fuzz\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\n";

    /// <summary>How it is packed: not, by Content-Encoding, or as a file. Packed, it holds four times as much.</summary>
    public enum Packing
    {
        None, Encoding, File,
    }

    public Packing Packed { get; init; }

    public static IEnumerable<GiantBody> All()
    {
        var (lines, files) = ("application/x-ndjson", "application/octet-stream");
        var (events, table) = ((Orders.Replace('#', '1') + "\n", 'x', "\n" + Orders.Replace('#', '2')), ("customer,date,amount\n1,2025-01-01,5\n", 'x', "\n2,2025-01-02,5\n"));
        yield return new("a line of NDJSON", "/v1/events", lines, events, (200, "line_too_long"));
        yield return new("a line of NDJSON, packed", "/v1/events", lines, events, (200, "line_too_long")) { Packed = Packing.Encoding };
        yield return new("a line of NDJSON, atomic", "/v1/events?atomic=true", lines, events, (422, "line_too_long")) { Packed = Packing.Encoding };
        yield return new("a document", "/v1/events", "application/json", ("[", ' ', "]"), (413, "too_large"));
        yield return new("a document, packed", "/v1/events", "application/json", ("[", ' ', "]"), (413, "too_large")) { Packed = Packing.Encoding };
        yield return new("CloudEvents, packed", "/v1/events", "application/cloudevents-batch+json", ("[\"", 'x', "\"]"), (413, "too_large")) { Packed = Packing.Encoding };
        yield return new("a line of CSV", "/v1/imports?mapping=cdnow", files, table, (200, "line_too_long"));
        yield return new("a line of CSV, packed", "/v1/imports?mapping=cdnow", files, table, (200, "line_too_long")) { Packed = Packing.File };
        yield return new("an open quote in CSV, packed", "/v1/imports?mapping=cdnow", files, (table.Item1 + "\"", 'x', table.Item3), (200, "line_too_long")) { Packed = Packing.File };
        yield return new("a first line of CSV, packed", "/v1/imports?mapping=shopify", files, ("a", ',', "\n1"), (400, "line_too_long")) { Packed = Packing.File };
        yield return new("a line of Segment's, packed", "/v1/imports?mapping=segment", files, ("{\"a\":\"", 'x', "\"}\n"), (200, "line_too_long")) { Packed = Packing.File };
        yield return new("a page of Zendesk's, packed", "/v1/imports?mapping=zendesk", files, ("{\"tickets\":[", ' ', "]}"), (400, "file_too_large")) { Packed = Packing.File };
        yield return new("a mapping", "/v1/imports?mapping=custom", "multipart/form-data; boundary=fuzz", (Form + "{", ' ', "}\r\n--fuzz--\r\n"), (413, "too_large"));
        yield return new("settings", "/v1/settings", "application/json", ("{", ' ', "}"), (413, "too_large"));
        yield return new("a webhook", "/v1/webhooks/shopify/fuzz-0", "application/json", ("{", ' ', "}"), (413, "too_large"));
    }

    /// <param name="size">Bytes to send, about, and of a packed body a quarter of those that it unpacks to.</param>
    public HttpRequestMessage ToRequest(long size)
    {
        var request = new HttpRequestMessage(Target == "/v1/settings" ? HttpMethod.Put : HttpMethod.Post, Target) { Content = new Endless(this, size) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(MediaType);
        if (Packed == Packing.Encoding) request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.Add("Retention-Tenant", "giants");
        request.Headers.TransferEncodingChunked = true;
        return request;
    }

    private IEnumerable<byte[]> Parts(long size)
    {
        var many = new byte[Part];
        Array.Fill(many, (byte)Text.Fill);
        Func<byte[], byte[]> made = Packed == Packing.None ? part => part : Gzip;
        yield return made(Encoding.UTF8.GetBytes(Text.Begin));
        // A file of gzip may have many members, so that one serves many times.
        var member = made(many);
        for (var sent = 0L; sent < (Packed == Packing.None ? size : size * 4); sent += Part) yield return member;
        yield return made(Encoding.UTF8.GetBytes(Text.End));
    }

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(plain);
        return packed.ToArray();
    }

    private sealed class Endless(GiantBody body, long size) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var part in body.Parts(size)) await stream.WriteAsync(part, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
