using Npgsql;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The imported orders and reviews of Olist against SQL over their rows.</summary>
public sealed class OlistRecountTests(ServiceFixture service)
{
    private static readonly string[] Texts = ["order_id", "customer_id", "customer_unique_id", "order_status", "review_id", "product_id", "customer_state"];

    [Fact]
    public async Task Satisfaction_and_revenue_of_the_imported_files_are_the_recounted_ones()
    {
        using var files = new OlistFiles();
        var shop = service.NewTenant("olist");
        var report = await shop.ImportAsync("olist", files.Zip());
        await using var scratch = await LoadAsync(files);

        report.Count("rejectedEvents").ShouldBe(0, report.GetProperty("rejected").ToString());
        report.Count("accepted").ShouldBe((await CountsAsync(scratch, """
            select (select count(*) from order_reviews) + count(*) filter (where order_status <> 'created') + count(*) filter (where order_status in ('canceled', 'unavailable'))
            from orders
            """)).Single() + report.GetProperty("eventsMade").Count("customer_changed"));
        report.Count("refusedLines").ShouldBe((await CountsAsync(scratch, "select count(*) from orders where order_status = 'created'")).Single(), report.GetProperty("refused").ToString());
        foreach (var grain in (string[])["month", "week", "day"])
        {
            var served = (await shop.AskAsync($"/v1/metrics/csat?grain={grain}")).Rows.Where(row => row.Word("status") == "complete" && row.Count("responses") > 0)
                .Select(row => $"{row.Word("period")} {row.Count("responses")} {Math.Round(row.GetProperty("score").GetDouble(), 9)} {Math.Round(row.GetProperty("mean").GetDouble(), 9)}");
            served.ShouldBe(await LinesAsync(scratch, $"""
                select date_trunc('{grain}', review_answer_timestamp)::date, count(*),
                       (count(*) filter (where review_score >= 4))::double precision / count(*), avg(review_score)::double precision
                from order_reviews group by 1 order by 1
                """));
        }
        var revenue = (await shop.AskAsync("/v1/metrics/revenue?grain=month")).Rows.Where(row => row.Word("status") == "complete" && row.Count("orders") > 0)
            .Select(row => $"{row.Word("period")} {row.Count("orders")} {row.Count("customers")} {Math.Round((double)row.Money("revenue"), 9)}");
        revenue.ShouldBe(await LinesAsync(scratch, """
            select date_trunc('month', order_purchase_timestamp)::date, count(*), count(distinct customer_unique_id)::double precision, sum(total)::double precision
            from orders join customers using (customer_id) left join (select order_id, sum(payment_value) as total from order_payments group by 1) paid using (order_id)
            where order_status in ('delivered', 'shipped', 'invoiced', 'approved', 'processing') group by 1 order by 1
            """));

        var again = await shop.ImportAsync("olist", files.Zip());
        (again.Count("accepted"), again.Count("duplicates")).ShouldBe((0, report.Count("accepted")));
    }

    [Fact]
    public async Task One_file_alone_is_refused_and_told_what_is_needed()
    {
        var alone = await service.NewTenant().PostAsync("/v1/imports?mapping=olist", "order_id\n1\n", "text/csv");
        alone.ShouldBeProblem(400, "not_a_zip", "body", "olist_order_reviews.csv");
    }

    private async Task<NpgsqlDataSource> LoadAsync(OlistFiles files)
    {
        await using (var server = NpgsqlDataSource.Create(service.ConnectionString))
        {
            await using var create = server.CreateCommand("create database recount_olist");
            await create.ExecuteNonQueryAsync();
        }
        var scratch = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(service.ConnectionString) { Database = "recount_olist" });
        await using var connection = await scratch.OpenConnectionAsync();
        foreach (var table in (string[])["orders", "order_payments", "customers", "order_reviews"])
        {
            using var text = files.Text(table);
            var header = text.ReadLine()!.Trim('\uFEFF').Split(',');
            var columns = header.Select(name => $"{name} {(Texts.Contains(name) ? "text" : name.Contains("timestamp", StringComparison.Ordinal) ? "timestamp" : name is "payment_value" or "review_score" ? "numeric" : "text")}");
            await using (var create = new NpgsqlCommand($"create table {table} ({string.Join(", ", columns)})", connection)) await create.ExecuteNonQueryAsync();
            await using var copy = await connection.BeginTextImportAsync($"copy {table} from stdin with (format csv)");
            await copy.WriteAsync(await text.ReadToEndAsync());
        }
        return scratch;
    }

    private static async Task<List<long>> CountsAsync(NpgsqlDataSource scratch, string sql)
    {
        await using var command = scratch.CreateCommand(sql);
        return [(long)(await command.ExecuteScalarAsync())!];
    }

    private static async Task<List<string>> LinesAsync(NpgsqlDataSource scratch, string sql)
    {
        await using var command = scratch.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add($"{reader.GetFieldValue<DateOnly>(0):yyyy-MM-dd} {reader.GetInt64(1)} {Math.Round(reader.GetDouble(2), 9)} {Math.Round(reader.GetDouble(3), 9)}");
        return lines;
    }
}
