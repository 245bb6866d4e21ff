using Npgsql;

namespace Retention.Api.Tests.Recounting;

/// <summary>
/// The figures of a CSV file counted in plain SQL over its rows, without any of the product's code. One scratch database holds one file.
/// </summary>
public sealed class Recount
{
    private static readonly Layout OnlineRetail = new(
        "online-retail.sql", "Europe/London", "customerid",
        "invoiceno text, stockcode text, description text, quantity numeric, invoicedate timestamp, unitprice numeric, customerid text, country text");

    private static readonly Layout Cdnow = new("cdnow.sql", "UTC", "customer", "customer text, date date, units numeric, amount numeric");

    private readonly NpgsqlDataSource scratch;
    private readonly Layout layout;

    private Recount(NpgsqlDataSource scratch, Layout layout) => (this.scratch, this.layout) = (scratch, layout);

    /// <param name="Derive">The script that makes purchases and refunds of the lines.</param>
    /// <param name="Columns">The file's columns in order, with their types.</param>
    private sealed record Layout(string Derive, string Zone, string Customer, string Columns)
    {
        public string Names => string.Join(", ", Columns.Split(", ").Select(column => column.Split(' ')[0]));
    }

    public sealed record Totals(
        long Lines, long LinesWithoutCustomer, long Purchases, long Customers, decimal Charged, long Refunds, decimal Refunded,
        long UnmatchedLines, decimal UnmatchedUnits, long CountryChanges);

    /// <param name="Start">The local start of the month or week.</param>
    public sealed record Period(DateOnly Start, long Orders, long Customers, decimal Revenue);

    /// <param name="Status"><c>complete</c>, <c>in_progress</c> or <c>not_observable</c>; the figures of the last are 0 and mean nothing.</param>
    /// <param name="Since">Customers of mode <c>on_or_after</c>.</param>
    /// <param name="Repeaters">The cohort's <c>period0Repeat</c>.</param>
    public sealed record Cell(
        DateOnly Cohort, long Size, int K, string Status, long Customers, long Orders, decimal Revenue, long Since, long Repeaters);

    /// <param name="Repeaters">Customers with two or more orders in the period; <paramref name="Returning"/>: with one before it.</param>
    /// <param name="Acquired">Customers acquired up to the period's end.</param>
    /// <param name="Repeated">Those of them with a second order by then.</param>
    public sealed record Repeats(DateOnly Start, long Repeaters, long Returning, long Acquired, long Repeated);

    public sealed record Waterfall(
        DateOnly Start, string Status, long Opening, long Acquired, long Reactivated, long Lapsed, long LapsedOld, long Closing, long Lost,
        long Retained);

    /// <param name="Within">Net revenue within each customer's first <paramref name="Days"/>; null where the cohort is not old enough.</param>
    public sealed record Lifetime(DateOnly Cohort, long Customers, decimal Revenue, int Days, decimal? Within);

    /// <summary>Loads <c>online_retail_uci.csv</c>, unpacked, and matches its returns.</summary>
    public static Task<Recount> OnlineRetailAsync(NpgsqlDataSource scratch, TextReader csv) =>
        LoadAsync(new Recount(scratch, OnlineRetail), csv);

    /// <summary>Loads <c>cdnow_sample.csv</c>.</summary>
    public static Task<Recount> CdnowAsync(NpgsqlDataSource scratch, TextReader csv) =>
        LoadAsync(new Recount(scratch, Cdnow), csv);

    public async Task<Totals> TotalsAsync()
    {
        var sql = $"""
            select (select count(*) from line), (select count(*) from line where {layout.Customer} is null),
                   count(*), count(distinct customer), coalesce(sum(total), 0), (select count(*) from refund),
                   (select coalesce(sum(amount), 0) from refund), (select count(*) from unmatched),
                   (select coalesce(sum(units), 0) from unmatched), (select count(*) from country_change)
            from purchase
            """;
        var rows = await ReadAsync(sql, row => new Totals(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetDecimal(4), row.GetInt64(5), row.GetDecimal(6),
            row.GetInt64(7), row.GetDecimal(8), row.GetInt64(9)));
        return rows.Single();
    }

    /// <summary><c>/v1/metrics/revenue</c> of the periods with orders.</summary>
    /// <param name="grain"><c>month</c>, or <c>week</c> from Monday.</param>
    public Task<List<Period>> RevenueAsync(string grain, DateTimeOffset asOf) =>
        ReadAsync(
            Sql("revenue.sql"),
            row => new Period(row.GetFieldValue<DateOnly>(0), row.GetInt64(1), row.GetInt64(2), row.GetDecimal(3)),
            layout.Zone, grain, asOf.ToUniversalTime());

    /// <summary><c>/v1/cohorts</c> of both modes for the measures customers, orders and revenue, columns 0 … <paramref name="periods"/>.</summary>
    /// <param name="grain"><c>month</c>, or <c>week</c> from Monday.</param>
    public Task<List<Cell>> CohortsAsync(string grain, DateTimeOffset asOf, int periods) =>
        ReadAsync(
            Sql("cohorts.sql"),
            row => new Cell(
                row.GetFieldValue<DateOnly>(0), row.GetInt64(1), row.GetInt32(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5),
                row.GetDecimal(6), row.GetInt64(7), row.GetInt64(8)),
            layout.Zone, grain, asOf.ToUniversalTime(), periods);

    /// <summary>Revenue of each period with a booking, with <c>refunds=refund</c>.</summary>
    public Task<List<(DateOnly Start, decimal Revenue)>> BookedAsync(string grain, DateTimeOffset asOf) =>
        ReadAsync(
            Sql("booked.sql"), row => (row.GetFieldValue<DateOnly>(0), row.GetDecimal(1)), layout.Zone, grain, asOf.ToUniversalTime());

    /// <summary>The repeat counts of <c>/v1/metrics/revenue</c> for the periods with orders.</summary>
    public Task<List<Repeats>> RepeatsAsync(string grain, DateTimeOffset asOf) =>
        ReadAsync(
            Sql("repeats.sql"),
            row => new Repeats(row.GetFieldValue<DateOnly>(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
            layout.Zone, grain, asOf.ToUniversalTime());

    /// <summary><c>/v1/metrics/retention</c> until two periods after the last lapse.</summary>
    /// <param name="window">Days for which a purchase day keeps its customer active.</param>
    public Task<List<Waterfall>> RetentionAsync(string grain, DateTimeOffset asOf, int window) =>
        ReadAsync(
            Sql("retention.sql"),
            row => new Waterfall(
                row.GetFieldValue<DateOnly>(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5),
                row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9)),
            layout.Zone, grain, asOf.ToUniversalTime(), window);

    /// <summary><c>/v1/metrics/clv</c>, one line for each cohort and window.</summary>
    public Task<List<Lifetime>> ClvAsync(string grain, DateTimeOffset asOf) =>
        ReadAsync(
            Sql("clv.sql"),
            row => new Lifetime(
                row.GetFieldValue<DateOnly>(0), row.GetInt64(1), row.GetDecimal(2), row.GetInt32(3),
                row.IsDBNull(4) ? null : row.GetDecimal(4)),
            layout.Zone, grain, asOf.ToUniversalTime());

    /// <summary>The same rows with days and periods of another zone.</summary>
    public Recount In(string zone) => new(scratch, layout with { Zone = zone });

    private static async Task<Recount> LoadAsync(Recount recount, TextReader csv)
    {
        var layout = recount.layout;
        await using var connection = await recount.scratch.OpenConnectionAsync();
        await ExecuteAsync(connection, $"create table line (line bigint generated always as identity, {layout.Columns})");
        await using (var copy = await connection.BeginTextImportAsync($"copy line ({layout.Names}) from stdin with (format csv, header true)"))
        {
            var buffer = new char[1 << 16];
            for (int read; (read = await csv.ReadBlockAsync(buffer)) > 0;) await copy.WriteAsync(buffer.AsMemory(0, read));
        }
        await ExecuteAsync(connection, Sql(layout.Derive));
        await ExecuteAsync(connection, Sql("valid.sql"));
        await ExecuteAsync(connection, "analyze");
        return recount;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        await using var command = scratch.CreateCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    private static string Sql(string name)
    {
        using var stream = typeof(Recount).Assembly.GetManifestResourceStream($"Retention.Api.Tests.Recounting.{name}")!;
        return new StreamReader(stream).ReadToEnd();
    }
}
