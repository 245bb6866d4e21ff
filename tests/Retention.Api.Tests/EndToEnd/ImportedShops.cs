using Npgsql;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The public data sets, sent to the service once for all tests of this collection, and recounted in SQL beside it.</summary>
[CollectionDefinition(nameof(ImportedShops))]
public sealed class ImportedShops(ServiceFixture service) : IAsyncLifetime, ICollectionFixture<ImportedShops>
{
    private readonly List<NpgsqlDataSource> scratch = [];
    private Dictionary<string, ImportedShop> shops = [];

    /// <summary>
    /// Both mappings, asked as of now, as of a moment in the midst of the data, which is answered by folding histories, and so in a zone
    /// where many orders lie on another day.
    /// </summary>
    public static TheoryData<string, string> Moments { get; } = new MatrixTheoryData<string, string>(
        ["online-retail", "cdnow"], ["now", "in its midst", "in its midst, from afar"]);

    public ImportedShop this[string mapping]
    {
        get
        {
            var shop = shops[mapping];
            // The file was opened before any test began, whose output could have said so.
            if (shop.IsGenerated) TestContext.Current.TestOutputHelper?.WriteLine($"The file of {mapping} is absent: its rows are generated ones.");
            return shop;
        }
    }

    public async ValueTask InitializeAsync()
    {
        await using var invoices = DataFile.OnlineRetail();
        await using var purchases = DataFile.Cdnow();
        var imported = await Task.WhenAll(ImportAsync("online-retail", invoices), ImportAsync("cdnow", purchases));
        shops = imported.ToDictionary(shop => shop.Mapping);
    }

    // The databases go with the server.
    public async ValueTask DisposeAsync()
    {
        foreach (var database in scratch) await database.DisposeAsync();
    }

    private async Task<ImportedShop> ImportAsync(string mapping, Stream stream)
    {
        using var file = new MemoryStream();
        await stream.CopyToAsync(file);
        var tenant = service.NewTenant(mapping);
        var importing = tenant.ImportAsync(mapping, file.ToArray());

        using var csv = DataFile.Text(new MemoryStream(file.ToArray()));
        var database = await NewDatabaseAsync($"recount_{mapping.Replace('-', '_')}");
        var recount = mapping == "cdnow" ? await Recount.CdnowAsync(database, csv) : await Recount.OnlineRetailAsync(database, csv);
        return new ImportedShop(mapping, file.ToArray(), stream is not FileStream, tenant, recount, await importing);
    }

    private async Task<NpgsqlDataSource> NewDatabaseAsync(string name)
    {
        await using (var server = NpgsqlDataSource.Create(service.ConnectionString))
        await using (var create = server.CreateCommand($"create database {name}"))
        {
            await create.ExecuteNonQueryAsync();
        }
        var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(service.ConnectionString) { Database = name });
        lock (scratch) scratch.Add(database);
        return database;
    }
}
