using System.Globalization;
using System.IO.Compression;
using System.Text;
using Retention.Api.Ingest.Imports;

namespace Retention.Api.Tests.Recounting;

/// <summary>The folder of the Olist data set beside the project, or one with generated rows of the same form where it is absent.</summary>
internal sealed class OlistFiles : IDisposable
{
    private static readonly string[] Names = ["orders", "order_items", "order_payments", "customers", "order_reviews"];

    private readonly DirectoryInfo? generated;

    public OlistFiles()
    {
        Folder = Beside() ?? (generated = Generate(seed: 1, orders: 600));
        if (generated is not null) TestContext.Current.TestOutputHelper?.WriteLine("../shared/data/olist_*.csv.gz are absent: this test runs on generated rows instead.");
    }

    public DirectoryInfo Folder { get; }

    /// <summary>A table's text, unpacked.</summary>
    public TextReader Text(string table)
    {
        var file = Folder.EnumerateFiles("olist_*").Single(file => ImportTables.Holds(file.Name, "olist", table));
        return new StreamReader(file.Extension == ".gz" ? new GZipStream(file.OpenRead(), CompressionMode.Decompress) : file.OpenRead());
    }

    public byte[] Zip()
    {
        var packed = ImportTables.Pack(Folder, "olist", Names);
        try
        {
            return File.ReadAllBytes(packed.FullName);
        }
        finally
        {
            packed.Delete();
        }
    }

    public void Dispose() => generated?.Delete(recursive: true);

    private static DirectoryInfo? Beside()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Retention.sln"))) continue;
            var data = new DirectoryInfo(Path.Combine(folder.FullName, "..", "shared", "data"));
            return data.Exists && Names.All(name => data.EnumerateFiles("olist_*").Any(file => ImportTables.Holds(file.Name, "olist", name))) ? data : null;
        }
        return null;
    }

    /// <summary>Orders of a year by 200 people, each with one or two payments, up to two items and up to two reviews, some of several lines.</summary>
    private static DirectoryInfo Generate(int seed, int orders)
    {
        var (folder, random) = (Directory.CreateTempSubdirectory("retention-olist-"), new Random(seed));
        var text = Names.ToDictionary(name => name, _ => new StringBuilder());
        text["orders"].Append("order_id,customer_id,order_status,order_purchase_timestamp\n");
        text["customers"].Append("customer_id,customer_unique_id,customer_state\n");
        text["order_payments"].Append("order_id,payment_value\n");
        text["order_items"].Append("order_id,product_id,price\n");
        text["order_reviews"].Append("review_id,order_id,review_score,review_comment_title,review_comment_message,review_answer_timestamp\n");
        string[] statuses = ["delivered", "delivered", "shipped", "canceled", "unavailable", "created", "processing"];
        for (var order = 0; order < orders; order++)
        {
            var at = new DateTime(2017, 1, 1).AddMinutes(random.Next(365 * 24 * 60));
            text["orders"].Append(CultureInfo.InvariantCulture, $"o{order},c{order},{statuses[random.Next(statuses.Length)]},{at:yyyy-MM-dd HH:mm:ss}\n");
            text["customers"].Append(CultureInfo.InvariantCulture, $"c{order},u{random.Next(200)},{(random.Next(2) == 0 ? "SP" : "RJ")}\n");
            for (var i = random.Next(1, 3); i > 0; i--) text["order_payments"].Append(CultureInfo.InvariantCulture, $"o{order},{random.Next(20_000) / 100m}\n");
            for (var i = random.Next(0, 3); i > 0; i--) text["order_items"].Append(CultureInfo.InvariantCulture, $"o{order},p{random.Next(9)},{random.Next(9_000) / 100m}\n");
            for (var i = random.Next(0, 3); i > 0; i--)
                text["order_reviews"].Append(CultureInfo.InvariantCulture, $"r{order}-{i},o{order},{random.Next(1, 6)},,\"Sim,\nnão\",{at.AddDays(random.Next(90)):yyyy-MM-dd HH:mm:ss}\n");
        }
        foreach (var (name, rows) in text) File.WriteAllText(Path.Combine(folder.FullName, $"olist_{name}.csv"), rows.ToString());
        return folder;
    }
}
