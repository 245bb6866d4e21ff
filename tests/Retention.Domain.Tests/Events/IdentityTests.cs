using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Events;

public sealed class IdentityTests
{
    [Fact]
    public void Event_ids_are_those_of_any_other_UUIDv5_of_the_same_array()
    {
        // Computed with Python's uuid.uuid5.
        EventId.Of("default", "shop-eu", "evt-1").ShouldBe(new Guid("3257b80e-126e-5288-8323-71d89acd66ac"));
        EventId.Of("default", "shop-eu", "evt-1", retractions: 2).ShouldBe(new Guid("3bcdbbd4-1706-511a-aa4d-f45519028aef"));
        EventId.Of("default", "sh\"op", "évt\n😀").ShouldBe(new Guid("eb4cfb2d-95cf-5ea9-ab1e-15f962041537"));
    }

    [Fact]
    public void Parts_cannot_be_shifted_into_one_another() =>
        EventId.Of("t", "a", "b\",\"c").ShouldNotBe(EventId.Of("t", "a\",\"b", "c"));

    [Fact]
    public void A_customers_stream_names_its_customer()
    {
        CustomerStream.TryCustomer(CustomerStream.Of("customer-7"), out var customer).ShouldBeTrue();
        customer.ShouldBe("customer-7");
        CustomerStream.TryCustomer(CustomerStream.Settings, out _).ShouldBeFalse();
        CustomerStream.TryCustomer("mt_tombstone", out _).ShouldBeFalse();
    }

    [Fact]
    public void The_same_instant_in_another_zone_is_the_same_content() =>
        Hash("c", "2026-01-03T12:00:00+02:00", """{"a":1.0}""").ShouldBe(Hash("c", "2026-01-03T10:00:00Z", """{ "a": 1 }"""));

    [Theory]
    [InlineData("d", "2026-01-03T10:00:00Z", """{"a":1}""")]
    [InlineData("c", "2026-01-03T10:00:00.0000001Z", """{"a":1}""")]
    [InlineData("c", "2026-01-03T10:00:00Z", """{"a":"1"}""")]
    public void Another_customer_time_or_value_is_another_content(string customer, string occurredAt, string data) =>
        Hash(customer, occurredAt, data).ShouldNotBe(Hash("c", "2026-01-03T10:00:00Z", """{"a":1}"""));

    private static string Hash(string customer, string occurredAt, string data)
    {
        using var document = JsonDocument.Parse(data);
        return ContentHash.Of("purchase_made", customer, DateTimeOffset.Parse(occurredAt), document.RootElement);
    }
}
