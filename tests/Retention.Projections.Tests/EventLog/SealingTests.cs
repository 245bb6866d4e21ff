using System.Text.Json;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class SealingTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private const string Canary = "the parcel smelled of canary";
    private readonly string tenant = $"t{Guid.NewGuid():n}";
    private readonly Place place = fresh.Place;
    private readonly Log log = new(fresh.Place);
    private readonly Sealing sealing = new(new CustomerKeys(fresh.Place));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Envelopes_come_back_from_the_log_as_sent()
    {
        Envelope[] sent =
        [
            Envelope("1", "purchase_made", """{"orderId":"o","currency":"EUR","total":49.90,"own":{"nested":[1,null]}}"""),
            Envelope("2", "complaint_received", $$"""{"complaintId":"k","text":"{{Canary}}","extra":1e400}"""),
            Envelope("3", "complaint_received", """{"complaintId":"k","text":null}"""),
            Envelope("4", "feedback_given", """{"instrument":"nps","score":3,"comment":"sealed:v1:AAAA"}"""),
            Envelope("5", "customer_registered", """{"country":"FI","attributes":{"tier":"gold","size":4.30,"vip":true,"plan":null,"note":"sealed:v1:AAAA"}}"""),
            Envelope("6", "customer_changed", $$$"""{"attributes":{"nick\"name":"{{{Canary}}} ä😀"}}"""),
            Envelope("7", "customer_changed", """{"attributes":{}}"""),
        ];

        await AppendAsync(sent);

        var found = await sealing.OpenAsync(await ReadAsync(), personal: true, Stop);
        found.Select(pair => Text(pair.Sent)).ShouldBe(sent.Select(Text));
    }

    [Fact]
    public async Task Free_text_stands_nowhere_in_the_database()
    {
        await AppendAsync(Envelope("1", "complaint_received", $$"""{"text":"{{Canary}}","complaintId":"k","text":"{{Canary}}"}"""));

        var tables = await place.LinesAsync("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = '{schema}'");
        foreach (var table in tables)
            (await place.ScalarAsync<long>($"select count(*) from {table} as t where t::text like '%canary%'")).ShouldBe(0, table);
    }

    [Fact]
    public async Task A_repeat_with_free_text_is_a_duplicate_and_another_text_a_conflict()
    {
        await AppendAsync(Envelope("1", "complaint_received", """{"complaintId":"k","text":"one"}"""));

        (await AppendAsync(Envelope("1", "complaint_received", """{"text":"one", "complaintId":"k"}"""))).ShouldBeOfType<Appended.Duplicate>();
        (await AppendAsync(Envelope("1", "complaint_received", """{"complaintId":"k","text":"two"}"""))).ShouldBeOfType<Appended.Conflict>();
    }

    [Fact]
    public async Task Personal_attributes_stand_nowhere_in_the_database()
    {
        await AppendAsync(Envelope("1", "customer_changed", $$$"""{"attributes":{"nickname":"{{{Canary}}}","tier":"gold"}}"""));

        var tables = await place.LinesAsync("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = '{schema}'");
        foreach (var table in tables)
            (await place.ScalarAsync<long>($"select count(*) from {table} as t where t::text like '%canary%'")).ShouldBe(0, table);
        (await place.LinesAsync($$"""select data->'attributes'->>'tier' from {schema}.mt_events where tenant_id = '{{tenant}}'""")).ShouldBe(["gold"]);
    }

    [Fact]
    public async Task A_repeat_with_personal_attributes_is_a_duplicate_and_another_value_a_conflict()
    {
        await AppendAsync(Envelope("1", "customer_changed", """{"attributes":{"size":43,"plan":"a"}}"""));

        (await AppendAsync(Envelope("1", "customer_changed", """{"attributes":{"plan":"a","size":43.0}}"""))).ShouldBeOfType<Appended.Duplicate>();
        (await AppendAsync(Envelope("1", "customer_changed", """{"attributes":{"plan":"a","size":"43"}}"""))).ShouldBeOfType<Appended.Conflict>();
    }

    [Fact]
    public async Task A_repeat_of_what_was_stored_in_clear_is_a_duplicate_and_another_value_a_conflict()
    {
        var sent = Envelope("1", "customer_changed", """{"attributes":{"plan":"a"}}""");
        var made = (await sealing.SealAsync(tenant, [sent], Stop))[0];
        var clear = made with { Data = System.Text.Encoding.UTF8.GetBytes(sent.Data.GetRawText()), Headers = made.Headers with { Hash = made.ClearHash } };
        await log.AppendAsync(tenant, [clear], AppendMode.KeepValid, Stop);

        (await AppendAsync(sent)).ShouldBeOfType<Appended.Duplicate>();
        (await AppendAsync(Envelope("1", "customer_changed", """{"attributes":{"plan":"b"}}"""))).ShouldBeOfType<Appended.Conflict>();
        (await sealing.OpenAsync(await ReadAsync(), personal: true, Stop)).Select(pair => Text(pair.Sent)).ShouldBe([Text(sent)]);
    }

    [Fact]
    public async Task Without_its_key_a_text_reads_as_null_and_the_rest_stays()
    {
        await AppendAsync(Envelope("1", "complaint_received", """{"complaintId":"k","text":"gone"}"""));
        await place.RunAsync($$"""delete from {schema}.customer_keys where tenant_id = '{{tenant}}'""");

        var found = (await sealing.OpenAsync(await ReadAsync(), personal: true, Stop)).ShouldHaveSingleItem().Sent;

        found.Data.GetProperty("text").ValueKind.ShouldBe(JsonValueKind.Null);
        found.Data.GetProperty("complaintId").GetString().ShouldBe("k");
    }

    [Fact]
    public async Task Only_customers_with_free_text_have_a_key()
    {
        await AppendAsync(
            Envelope("1", "purchase_refunded", """{"orderId":"o","amount":1,"text":"not a free text here"}""", "plain"),
            Envelope("2", "complaint_received", """{"complaintId":"k"}""", "silent"),
            Envelope("3", "complaint_received", """{"complaintId":"k","text":"words"}""", "talker"));

        (await place.LinesAsync($$"""select customer_id from {schema}.customer_keys where tenant_id = '{{tenant}}'""")).ShouldBe(["talker"]);
    }

    [Fact]
    public async Task The_row_names_the_record_and_keeps_the_offset()
    {
        var made = (await sealing.SealAsync(tenant, [Envelope("1", "complaint_replied", """{"complaintId":"k"}""")], Stop))[0];

        made.DotNetType.ShouldBe("Retention.Domain.Events.CustomerEvent+ComplaintReplied, Retention.Domain");
        Type.GetType(made.DotNetType).ShouldBe(typeof(CustomerEvent.ComplaintReplied));
        made.Headers.OccurredAt.ShouldBe("2026-01-03T12:00:00.1234567+02:00");
        made.Id.ShouldBe(EventId.Of(tenant, "shop", "1"));
        made.Stream.ShouldBe("customer-c");
    }

    [Fact]
    public async Task A_type_outside_the_vocabulary_is_a_programming_error() =>
        await Should.ThrowAsync<ArgumentException>(sealing.SealAsync(tenant, [Envelope("1", "unknown", "{}")], Stop));

    [Fact]
    public async Task Settings_and_rows_of_others_are_no_envelopes()
    {
        var setting = new NewEvent(
            CustomerStream.Settings, "settings_changed", "X, Y", EventId.Of(tenant, "api", "1"), "{}"u8.ToArray(), new EventHeaders("api", "1", "x", "h", 1));
        await log.AppendAsync(tenant, [setting], AppendMode.KeepValid, Stop);

        (await sealing.OpenAsync(await ReadAsync(), personal: true, Stop)).ShouldBeEmpty();
    }

    private static Envelope Envelope(string id, string type, string data, string customer = "c")
    {
        using var document = JsonDocument.Parse(data);
        return new Envelope("shop", id, type, customer, Given.Noon.AddTicks(1234567), document.RootElement.Clone());
    }

    private static string Text(Envelope envelope) =>
        $"{envelope with { Data = default }} {System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(envelope.Data))}";

    private async Task<Appended> AppendAsync(params Envelope[] envelopes) =>
        (await log.AppendAsync(tenant, await sealing.SealAsync(tenant, envelopes, Stop), AppendMode.KeepValid, Stop))[0];

    private async Task<IReadOnlyList<StoredEvent>> ReadAsync() =>
        (await log.ReadAsync(new LogRange(0, long.MaxValue, 1_000, Tenant: tenant), Stop)).Events;
}
