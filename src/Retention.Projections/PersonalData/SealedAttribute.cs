using System.Globalization;
using System.Text;
using System.Text.Json;
using Retention.Domain.Customers;
using Retention.Domain.Events;

namespace Retention.Projections.PersonalData;

/// <summary>
/// The value of a personal attribute as the log and histories hold it: its canonical JSON, sealed with the key of the customer that it was
/// sent for, and behind it a number that tells whose, since customers that were merged have one history and a key each.
/// </summary>
internal static class SealedAttribute
{
    private const char Owner = '@';

    public static bool Is(string value) => value.StartsWith(CustomerKey.Prefix, StringComparison.Ordinal);

    /// <param name="attribute">The name, under which alone the value opens.</param>
    public static string Seal(CustomerKey key, string customer, string attribute, JsonElement value) =>
        string.Create(CultureInfo.InvariantCulture, $"{key.Seal(Encoding.UTF8.GetString(CanonicalJson.Of(value)), Context(attribute))}{Owner}{OwnerOf(customer):x16}");

    /// <exception cref="SealBrokenException">It was altered, has another name, or was sealed with another key.</exception>
    public static JsonElement Open(CustomerKey key, string attribute, string value) =>
        JsonElement.Parse(key.Open(value[..value.LastIndexOf(Owner)], Context(attribute)));

    /// <summary>The number of the customer whose key opens a value.</summary>
    /// <exception cref="SealBrokenException">It tells none.</exception>
    public static long OwnerIn(string value) =>
        value.LastIndexOf(Owner) is var at && at >= 0 && long.TryParse(value.AsSpan(at + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var owner)
            ? owner
            : throw new SealBrokenException("The sealed attribute does not tell whose it is.");

    /// <summary>The number of a customer.</summary>
    public static long OwnerOf(string customer) => Fact.Key(customer);

    private static string Context(string attribute) => $"attributes/{attribute}";
}
