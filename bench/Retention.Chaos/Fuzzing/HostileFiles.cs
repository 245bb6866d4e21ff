using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Retention.Chaos.Fuzzing;

/// <summary>Files for <c>POST /v1/imports</c>, one kind for each mapping, with something wrong in fields, lines, quotes, encoding or packing.</summary>
internal static class HostileFiles
{
    private static readonly (string Mapping, string[] Lines)[] Tables =
    [
        ("cdnow", ["customer,date,amount", "7,1997-01-31,12.50", "8,1997-02-01,1.00"]),
        ("online-retail", ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", "1,A,MUG,6,2010-12-01 08:27:00,2.55,17850.0,United Kingdom", "C2,A,MUG,-1,2010-12-02 08:00:00,2.55,17850.0,Finland"]),
        ("shopify", ["Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Shipping Country,Cancelled at,Refunded Amount,Id,Source,Phone",
            "#1001,Ann@Example.com,paid,EUR,50.00,4.90,11.20,66.10,WELCOME,5.00,2024-01-15 10:11:12 +0200,2,Mug,20.00,MUG-1,FI,SE,2024-01-16 10:11:12 +0200,1.00,5001,web,", "#1001,Ann@Example.com,,,,,,,,,,1,Cup,15.00,,,,,,,,"]),
        ("olist", ["order_id,customer_id,order_status,order_purchase_timestamp", "1,2,delivered,2017-10-02 10:56:33"]),
        ("custom", ["Receipt;Kind;Mail;Day;Price", "1;sale;ann@example.com;15.01.2026;20,50", "2;sale;bob@example.com;16.01.2026;1.020,50"]),
    ];

    private const string CustomMapping = """
        { "source": "till", "delimiter": ";", "decimal": ",", "timeZone": "Europe/Helsinki", "currency": "EUR", "timeFormats": [ "dd.MM.uuuu" ], "pseudonymize": true,
          "events": [ { "type": "purchase_made", "when": { "Kind": [ "sale", "web" ] }, "id": "{Receipt}", "customer": "{Mail}", "occurredAt": "{Day}",
            "data": { "orderId": "{Receipt}", "currency": "EUR", "total": "{Price}" } } ] }
        """;

    private static readonly (string Mapping, string Document)[] Documents =
    [
        ("segment", """{"type":"track","event":"Order Completed","messageId":"m-1","userId":"u-1","timestamp":"2026-01-15T10:11:12.345Z","properties":{"total":27.50,"subtotal":22.50,"revenue":25.00,"shipping":3,"tax":2,"discount":2.5,"coupon":"x","currency":"USD","order_id":"5","products":[{"sku":"1","price":19,"quantity":1,"category":"Games"}]}}"""),
        ("segment", """{"type":"track","event":"Order Refunded","messageId":"m-2","userId":"u-1","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o-1","total":30,"currency":"USD","products":[{"price":4.5,"quantity":2}]}}"""),
        ("segment", """{"type":"identify","messageId":"m-5","userId":"u-1","timestamp":"2026-01-18T00:00:00Z","traits":{"email":"a@b.c","plan":"gold","address":{"country":"FI"},"createdAt":"2025-01-01T00:00:00Z"}}"""),
        ("zendesk", """{"tickets":[{"id":987,"requester_id":7881,"created_at":"2026-01-05T08:00:00Z","status":"closed","type":"problem","priority":"high","via":{"channel":"email"},"description":"x"}],"users":[{"id":7881,"email":"a@b.c","external_id":null}]}"""),
        ("zendesk", """{"satisfaction_ratings":[{"id":35436,"requester_id":7881,"ticket_id":987,"score":"good","comment":"x","created_at":"2026-01-05T12:00:00Z","updated_at":"2026-01-05T13:00:00Z"}]}"""),
    ];

    public static Gen<Shot> Of(Operation operation, string tenant, string number) => Gen.OneOf(
        from table in Gen.Elements(Tables)
        from text in Gen.OneOf(Cells(table.Lines), Pieces(table.Lines))
        from shot in Sent(operation, tenant, (table.Mapping, text, number))
        select shot,
        from document in Gen.Elements(Documents)
        from text in MutatedJson.Of(JsonNode.Parse(document.Document)!)
        from shot in Sent(operation, tenant, (document.Mapping, text, number))
        select shot);

    /// <summary>Fields that hold something else, and lines that have too many or too few.</summary>
    private static Gen<string> Cells(string[] lines) =>
        from changes in Gen.ListOf(
            from line in Gen.Choose(0, lines.Length - 1)
            from place in Gen.Choose(0, 30)
            from field in Gen.Elements(HostileText.Fields)
            from more in Gen.Elements("", "", "", ",", ";", "drop")
            select (line, place, field, more),
            2)
        select string.Join('\n', changes.Aggregate(lines, Changed));

    private static string[] Changed(string[] lines, (int Line, int Place, string Field, string More) change)
    {
        var (copy, delimiter) = ((string[])lines.Clone(), lines[0].Contains(';', StringComparison.Ordinal) ? ';' : ',');
        var fields = copy[change.Line].Split(delimiter).ToList();
        var place = change.Place % fields.Count;
        if (change.More == "drop") fields.RemoveAt(place);
        else fields[place] = change.Field + change.More;
        copy[change.Line] = string.Join(delimiter, fields);
        return copy;
    }

    /// <summary>Something put in anywhere, or the rest cut off.</summary>
    private static Gen<string> Pieces(string[] lines) =>
        from ending in Gen.Elements("\n", "\r\n", "\r", "\n\n", "\n\r")
        let text = string.Join(ending, lines)
        from place in Gen.Choose(0, text.Length)
        from piece in Gen.Frequency((6, Gen.Elements("\"", "\"\"\"", "\u0000", "\r", "\n\"\n", "\uFEFF", "\uE0FF", "\uE0C3", ",,,,", ";", "\t", "\u2028", "🦊")), (1, Gen.Elements(new string('x', 3 << 20), string.Concat(Enumerable.Repeat("\"\n", 5_000)), new string(',', 200_000))))
        from cut in Gen.Elements(false, false, true)
        select cut ? text[..place] + piece : text.Insert(place, piece);

    private static Gen<Shot> Sent(Operation operation, string tenant, (string Mapping, string Text, string Number) file) =>
        from dryRun in Gen.Elements("", "", "&dryRun=true")
        from form in Gen.Frequency((10, Gen.Constant("plain")), (4, Gen.Elements("gzip", "cut gzip", "zip", "utf-16", "utf-32", "latin-1")))
        let plain = form switch
        {
            "utf-16" => Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(file.Text)).ToArray(),
            "utf-32" => Encoding.UTF32.GetBytes(file.Text),
            "latin-1" => Encoding.Latin1.GetBytes(file.Text + "é"),
            _ => HostileText.Bytes(file.Text),
        }
        let packed = form switch { "gzip" => Gzip(plain), "cut gzip" => Gzip(plain)[..^10], "zip" => Zip(plain), _ => file.Mapping == "olist" ? Zip(plain) : plain }
        select new Shot(operation, tenant, $"/v1/imports?mapping={file.Mapping}{dryRun}")
        {
            Body = file.Mapping == "custom" ? Multipart(packed) : packed,
            MediaType = file.Mapping == "custom" ? "multipart/form-data; boundary=fuzz" : "application/octet-stream",
        };

    private static byte[] Multipart(byte[] file) =>
    [
        .. Encoding.UTF8.GetBytes($"--fuzz\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\n{CustomMapping}\r\n--fuzz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"),
        .. file, .. "\r\n--fuzz--\r\n"u8,
    ];

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(plain);
        return packed.ToArray();
    }

    /// <summary>All tables that Olist's data set has, each of them this one.</summary>
    private static byte[] Zip(byte[] table)
    {
        using var packed = new MemoryStream();
        using (var archive = new ZipArchive(packed, ZipArchiveMode.Create))
        {
            foreach (var (name, header) in ((string, string)[])[("orders", ""), ("order_items", "order_id,product_id,price\n1,x,10.00\n"), ("order_payments", "order_id,payment_value\n1,10.00\n"),
                ("customers", "customer_id,customer_unique_id,customer_state\n2,u,SP\n"), ("order_reviews", "review_id,order_id,review_score,review_creation_date,review_answer_timestamp\n1,1,5,2017-10-03 00:00:00,2017-10-04 00:00:00\n")])
            {
                using var entry = archive.CreateEntry($"olist_{name}.csv").Open();
                entry.Write(header == "" ? table : Encoding.UTF8.GetBytes(header));
            }
        }
        return packed.ToArray();
    }
}
