using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using Retention.Api.Ingest;
using Retention.Api.Tenancy;
using Retention.Projections.ReadModels;

namespace Retention.Api.Replays;

/// <summary>
/// <c>GET /v1/exports</c> lists the read models that can be had whole, <c>GET /v1/exports/{model}</c> gives one as NDJSON or CSV, of one
/// position, which the header <c>Retention-Position</c> tells. A replay pins it: <c>?replay=name</c>. The columns are those of the views for
/// BI tools.
/// </summary>
internal static class ExportModels
{
    private const string Sliced = "nullif(dimension, '') as dimension, nullif(substr(value, 2), '') as value";

    /// <summary>Each read model by name, as a query of the tenant <c>$1</c>, in the order of its key.</summary>
    private static readonly SortedDictionary<string, string> Models = new(StringComparer.Ordinal)
    {
        ["activity_by_day"] = $"select {Sliced}, day, acquired, reactivated, lapsed from {{schema}}.activity_cells where tenant_id = $1 order by dimension, value, day",
        ["revenue_by_period"] = $"""
            select grain, {Sliced}, period, orders, customers, repeaters, returning_customers, acquired, second_orders, revenue / 10000.0 as revenue
            from {"{schema}"}.revenue_cells where tenant_id = $1 order by grain, dimension, value, period
            """,
        ["cohorts"] = $"""
            select grain, {Sliced}, cohort, k, customers, last_orders, second_orders, orders, revenue / 10000.0 as revenue
            from {"{schema}"}.cohort_cells where tenant_id = $1 order by grain, dimension, value, cohort, k
            """,
        ["lifetime_value_by_cohort"] = $"""
            select grain, {Sliced}, cohort, customers, revenue / 10000.0 as revenue, margin / 10000.0 as margin, margin_revenue / 10000.0 as revenue_with_margin,
                   within_30 / 10000.0 as within_30_days, within_60 / 10000.0 as within_60_days, within_90 / 10000.0 as within_90_days,
                   within_180 / 10000.0 as within_180_days, within_365 / 10000.0 as within_365_days
            from {"{schema}"}.clv_cells where tenant_id = $1 order by grain, dimension, value, cohort
            """,
        ["answers_by_day"] = "select instrument, day, score, responses from {schema}.answer_cells where tenant_id = $1 order by instrument, day, score",
        ["requests_by_day"] = "select instrument, day, requested, bounced, answered from {schema}.request_cells where tenant_id = $1 order by instrument, day",
        ["purchase_spans"] = "select first_day, last_day, frequency, customers from {schema}.purchase_span_cells where tenant_id = $1 order by first_day, last_day, frequency",
    };

    public static void MapExports(this IEndpointRouteBuilder routes)
    {
        var exports = routes.MapGroup("/v1/exports").WithTags("Export");
        exports.MapGet("", ListAsync).WithSummary("The read models that can be had whole, and the position that they are of");
        exports.MapGet("{model}", GetAsync).WithSummary("A read model whole, as NDJSON or CSV");
    }

    private static async Task<IResult> ListAsync(HttpContext http, Tenant tenant)
    {
        var query = QueryReader.Of(http).Only("replay");
        await using var snapshot = await OpenAsync(http, tenant, query);
        return Results.Json(new
        {
            position = snapshot.Reflection.Position,
            definition = snapshot.Reflection.MaintainedBy,
            models = Models.Keys.Select(model => new { name = model, href = $"/v1/exports/{model}" }),
        });
    }

    private static async Task GetAsync(string model, HttpContext http, Tenant tenant)
    {
        var query = QueryReader.Of(http).Only("format", "replay");
        var csv = query.Choice("format", ["ndjson", "csv"]) == "csv";
        query.Done();
        if (!Models.TryGetValue(model, out var sql))
            throw new ProblemException(404, "unknown_model", $"There is no read model {model}; there are {string.Join(", ", Models.Keys)}.");
        await using var snapshot = await OpenAsync(http, tenant, query);
        http.Response.ContentType = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
        http.Response.Headers["Retention-Position"] = snapshot.Reflection.Position.ToString(CultureInfo.InvariantCulture);
        await using var body = Packed.Open(http);
        const int flushAt = 1 << 16;
        var buffer = new ArrayBufferWriter<byte>(2 * flushAt);
        await using var json = EventLines.Open(buffer);
        var first = true;
        await foreach (var row in snapshot.ExportAsync(sql, http.RequestAborted))
        {
            if (csv && first) CsvLine.Write(buffer, [.. Enumerable.Range(0, row.FieldCount).Select(row.GetName)]);
            first = false;
            if (csv) CsvLine.Write(buffer, [.. Enumerable.Range(0, row.FieldCount).Select(column => TextOf(row, column))]);
            else Write(json, buffer, row);
            if (buffer.WrittenCount < flushAt) continue;
            await body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
            buffer.ResetWrittenCount();
        }
        if (!csv) buffer.Write([.. JsonSerializer.SerializeToUtf8Bytes(new { end = true, position = snapshot.Reflection.Position }), (byte)'\n']);
        await body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    private static async Task<Snapshot> OpenAsync(HttpContext http, Tenant tenant, QueryReader query) => await Snapshot.OpenAsync(
        await ReplayEndpoints.PlaceAsync(http.RequestServices, tenant.Name, query.Text("replay"), http.RequestAborted), tenant.Name, http.RequestAborted);

    private static void Write(Utf8JsonWriter json, ArrayBufferWriter<byte> buffer, NpgsqlDataReader row)
    {
        json.WriteStartObject();
        for (var column = 0; column < row.FieldCount; column++)
        {
            json.WritePropertyName(row.GetName(column));
            switch (row.GetValue(column))
            {
                case DBNull: json.WriteNullValue(); break;
                case long number: json.WriteNumberValue(number); break;
                case int number: json.WriteNumberValue(number); break;
                case decimal number: json.WriteNumberValue(number / 1.0000000000000000000000000000m); break;
                default: json.WriteStringValue(TextOf(row, column)); break;
            }
        }
        json.WriteEndObject();
        json.Flush();
        json.Reset();
        buffer.Write("\n"u8);
    }

    private static string? TextOf(NpgsqlDataReader row, int column) => row.GetValue(column) switch
    {
        DBNull => null,
        DateTime day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        decimal number => (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        var value => value.ToString(),
    };
}
