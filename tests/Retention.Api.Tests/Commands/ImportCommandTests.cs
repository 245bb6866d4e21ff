using System.CommandLine;
using Retention.Api.Commands;
using Retention.Api.Tests.Ingest;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.Commands;

public sealed class ImportCommandTests(ScratchPostgres postgres) : IClassFixture<ScratchPostgres>, IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("retention-import-");
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();
    private ImportTrial trial = null!;

    public async ValueTask InitializeAsync() => trial = await ImportTrial.StartAsync(await postgres.NewDatabaseAsync());

    public async ValueTask DisposeAsync()
    {
        await trial.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_file_is_imported_into_the_service_of_the_data_folder_and_the_report_is_printed()
    {
        await using var held = await DataLock.TryTakeAsync(folder.FullName, TestContext.Current.CancellationToken);
        new RunningInstance(Url(), Environment.ProcessId, TimeProvider.System.GetUtcNow()).Announce(folder.FullName);
        var file = File("sales.csv", "customer,date,units,amount\na,1997-01-01,1,1.00\nb,oops,1,1.00\n");
        var report = Path.Combine(folder.FullName, "refused.csv");

        (await RunAsync(file, "--mapping", "cdnow", "--data", folder.FullName, "--tenant", "shop", "--report", report)).ShouldBe(0);

        trial.Stored.ShouldBe(["shop cdnow 1"]);
        trial.Asked.ShouldBe(2);
        output.ToString().ShouldContain("line 3: date must be a date such as 1997-01-31; it is 'oops'.");
        Cells("Lines read").ShouldBe("2");
        Cells("accepted").ShouldBe("1");
        (await System.IO.File.ReadAllTextAsync(report, TestContext.Current.CancellationToken))
            .ShouldBe("line,code,message\n3,not_a_date,\"date must be a date such as 1997-01-31; it is 'oops'.\"\n");
        error.ToString().ShouldContain("Projecting 100 %");
    }

    [Theory]
    [InlineData("olist_orders.csv")]
    [InlineData("")]
    public async Task Any_file_of_a_data_set_or_their_folder_takes_its_neighbours_with_it(string given)
    {
        File("olist_orders.csv", "order_id,customer_id,order_status,order_purchase_timestamp\no-1,c-1,delivered,2017-01-01 10:00:00\n");
        File("olist_customers.csv", "customer_id,customer_unique_id,customer_state\nc-1,u-1,SP\n");
        File("olist_order_payments.csv", "order_id,payment_value\no-1,10.00\no-1,2.50\n");
        File("olist_order_items.csv", "order_id,product_id,price\n");
        (await RunAsync(Path.Combine(folder.FullName, given), "--mapping", "olist", "--url", Url())).ShouldBe(1);
        error.ToString().ShouldContain("olist_order_reviews.csv.gz, is missing");
        File("olist_order_reviews.csv", "review_id,order_id,review_score,review_comment_title,review_comment_message,review_answer_timestamp\nr-1,o-1,5,,Bom,2017-01-05 10:00:00\n");

        (await RunAsync(Path.Combine(folder.FullName, given), "--mapping", "olist", "--url", Url(), "--tenant", "shop")).ShouldBe(0);

        Cells("Events feedback_given").ShouldBe("1");
        Cells("Events purchase_made").ShouldBe("1");
        Cells("accepted").ShouldBe("3");
    }

    [Fact]
    public async Task A_dry_run_needs_no_projection()
    {
        var file = File("sales.csv", "customer,date,units,amount\na,1997-01-01,1,1.00\n");

        (await RunAsync(file, "--mapping", "cdnow", "--url", Url(), "--dry-run")).ShouldBe(0);

        trial.Stored.ShouldBeEmpty();
        trial.Asked.ShouldBe(0);
        output.ToString().ShouldContain("cdnow (dry run)");
    }

    [Fact]
    public async Task A_file_of_another_kind_ends_with_1_and_names_the_columns()
    {
        (await RunAsync(File("other.csv", "a,b\n1,2\n"), "--mapping", "online-retail", "--url", Url())).ShouldBe(1);

        error.ToString().ShouldContain("InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID, Country");
    }

    [Fact]
    public async Task What_cannot_begin_ends_with_1_and_says_what_to_do()
    {
        var file = File("sales.csv", "customer,date,units,amount\n");

        (await RunAsync(file + "x", "--mapping", "cdnow", "--url", Url())).ShouldBe(1);
        (await RunAsync(file, "--mapping", "cdnow", "--data", folder.FullName)).ShouldBe(1);
        (await RunAsync(file, "--mapping", "cdnow", "--url", "http://127.0.0.1:9")).ShouldBe(1);
        (await RunAsync(file, "--mapping", "cdnow", "--url", "ftp://x")).ShouldBe(1);
        (await RunAsync(file, "--mapping", "magento", "--url", Url())).ShouldBe(1);

        var said = error.ToString();
        said.ShouldContain("There is no file");
        said.ShouldContain("No service runs on");
        said.ShouldContain("The service does not answer");
        said.ShouldContain("is not an address such as http://localhost:8080");
        said.ShouldContain("online-retail");
    }

    [Fact]
    public async Task A_service_that_dies_during_the_import_is_told_with_1()
    {
        trial.BeforeStoring = () => throw new TimeoutException("The database is away.");

        (await RunAsync(File("sales.csv", "customer,date,units,amount\na,1997-01-01,1,1.00\n"), "--mapping", "cdnow", "--url", Url())).ShouldBe(1);

        error.ToString().ShouldContain("The database is away.");
    }

    private string Url() => trial.Client.BaseAddress!.ToString();

    private string File(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private Task<int> RunAsync(params string[] arguments) =>
        new RootCommand { ImportCommand.Create() }.Parse(["import", .. arguments]).InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);

    /// <summary>The second column of the report's row of that name.</summary>
    private string Cells(string name) =>
        output.ToString().Split('\n').Single(line => line.Contains(name, StringComparison.Ordinal)).Split('│')[2].Trim();
}
