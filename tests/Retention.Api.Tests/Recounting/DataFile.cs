using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Retention.Api.Tests.Recounting;

/// <summary>The public data sets beside the project, or generated rows of the same form where they are absent.</summary>
public static class DataFile
{
    /// <summary>The bytes of <c>online_retail_uci.csv.gz</c>.</summary>
    public static Stream OnlineRetail() => Open("online_retail_uci.csv.gz") ?? (Stream)Packed(GeneratedInvoices(seed: 1, count: 2_000));

    /// <summary>The bytes of <c>cdnow_sample.csv</c>.</summary>
    public static Stream Cdnow() =>
        Open("cdnow_sample.csv") ?? (Stream)new MemoryStream(Encoding.UTF8.GetBytes(GeneratedPurchases(seed: 1, count: 2_000)));

    /// <summary>The text of a file's bytes, packed or not.</summary>
    public static TextReader Text(Stream file)
    {
        var packed = file.ReadByte() == 0x1f;
        file.Position = 0;
        return new StreamReader(packed ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    /// <summary>
    /// Invoices of 20 customers over two years, a third of them returns, with shared moments, free lines, prices of three decimals,
    /// negative totals and lines without a customer.
    /// </summary>
    public static string GeneratedInvoices(int seed, int count)
    {
        var random = new Random(seed);
        var text = new StringBuilder("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
        for (var invoice = 1; invoice <= count; invoice++)
        {
            var returned = random.Next(3) == 0;
            var customer = random.Next(10) == 0 ? "" : $"{12000 + random.Next(20)}.0";
            var date = new DateTime(2010, 1, 1, 6, 0, 0).AddDays(random.Next(730)).AddHours(random.Next(12));
            for (var lines = random.Next(1, 6); lines > 0; lines--)
            {
                var quantity = returned ? -random.Next(1, 9) : random.Next(30) == 0 ? -random.Next(1, 20) : random.Next(1, 9);
                text.Append(CultureInfo.InvariantCulture, $"{(returned ? "C" : "")}{invoice},{random.Next(6)},\"A, B\",{quantity},");
                text.Append(CultureInfo.InvariantCulture, $"{date:yyyy-MM-dd HH:mm:ss},{random.Next(2000) / 1000m},{customer},{(random.Next(4) == 0 ? "EIRE" : "France")}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>Purchases of 50 customers over eighteen months; some are free.</summary>
    public static string GeneratedPurchases(int seed, int count)
    {
        var random = new Random(seed);
        var text = new StringBuilder("customer,date,units,amount\r\n");
        for (var row = 0; row < count; row++)
        {
            var date = new DateOnly(1997, 1, 1).AddDays(random.Next(540));
            text.Append(CultureInfo.InvariantCulture, $"{random.Next(50):00000},{date:yyyy-MM-dd},1,{random.Next(5000) / 100m}\r\n");
        }
        return text.ToString();
    }

    private static FileStream? Open(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Retention.sln"))) continue;
            var path = Path.Combine(folder.FullName, "..", "shared", "data", name);
            if (File.Exists(path)) return File.OpenRead(path);
            break;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"../shared/data/{name} is absent: this test runs on generated rows instead.");
        return null;
    }

    private static MemoryStream Packed(string text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        packed.Position = 0;
        return packed;
    }
}
