using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Events;

namespace Retention.Domain.Tests.Events;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("49.90", "499e-1")]
    [InlineData("4.99e1", "499e-1")]
    [InlineData("0.0499E+3", "499e-1")]
    [InlineData("500", "5e2")]
    [InlineData("5.00e2", "5e2")]
    [InlineData("-7", "-7")]
    [InlineData("0", "0")]
    [InlineData("0.10", "1e-1")]
    [InlineData("-100.00", "-1e2")]
    [InlineData("1203.0405", "12030405e-4")]
    [InlineData("-0", "0")]
    [InlineData("-0.00", "0")]
    [InlineData("-0.00e7", "0")]
    [InlineData("1e400", "1e400")]
    [InlineData("0.1000000000000000000000000000000000000000001", "1000000000000000000000000000000000000000001e-43")]
    [InlineData("1e99999999999999999999", "1e99999999999999999999")]
    public void Numbers_are_exact_decimals(string sent, string canonical) => Canonical(sent).ShouldBe(canonical);

    [Fact]
    public void Numbers_that_doubles_confuse_stay_apart() =>
        Canonical("0.1").ShouldNotBe(Canonical("0.1000000000000000055511151231257827"));

    [Fact]
    public void Members_stand_in_the_order_of_their_UTF_16_units()
    {
        // The example of RFC 8785, §3.2.3.
        var sent = """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o"}""";

        var values = Parse(Canonical(sent)).EnumerateObject().Select(member => member.Value.GetString());

        values.ShouldBe(["Carriage Return", "One", "Control", "o", "Euro Sign", "Emoji", "Hebrew"]);
    }

    [Fact]
    public void Only_quotes_backslashes_and_controls_are_escaped() =>
        Canonical("""["\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\/\u007f<é😀"]""")
            .ShouldBe("[\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u007f<é😀\"]");

    [Theory]
    [InlineData(" { } ", "{}")]
    [InlineData("[ ]", "[]")]
    [InlineData("[null, true ,false,[{}]]", "[null,true,false,[{}]]")]
    [InlineData("""{"a":1,"a":{"c":3,"b":2}}""", """{"a":{"b":2,"c":3}}""")]
    public void Space_and_repeated_members_vanish(string sent, string canonical) => Canonical(sent).ShouldBe(canonical);

    [Fact]
    public void A_lone_surrogate_has_no_canonical_form() =>
        Should.Throw<InvalidOperationException>(() => Canonical("""["\ud800"]"""));

    [Fact]
    public void Order_of_members_and_spelling_of_numbers_never_matter() =>
        Prop.ForAll<Dictionary<NonNull<string>, decimal>, int>((members, seed) =>
        {
            var valid = members.Where(member => !member.Key.Get.Any(char.IsSurrogate)).ToArray();
            var shuffled = valid.ToArray();
            new System.Random(seed).Shuffle(shuffled);
            return Canonical(Json(valid, "")) == Canonical(Json(shuffled, "0"));
        }).QuickCheckThrowOnFailure();

    private static string Json(IEnumerable<KeyValuePair<NonNull<string>, decimal>> members, string zeros)
    {
        var texts = members.Select(member =>
        {
            var number = member.Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return $"{JsonSerializer.Serialize(member.Key.Get)}: {number}{(number.Contains('.') ? zeros : "")}e0";
        });
        return $"{{{string.Join(',', texts)}}}";
    }

    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Of(Parse(json)));

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
