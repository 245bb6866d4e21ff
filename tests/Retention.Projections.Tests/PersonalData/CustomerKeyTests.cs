using Retention.Projections.PersonalData;

namespace Retention.Projections.Tests;

public sealed class CustomerKeyTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private readonly CustomerKey key = new([.. Enumerable.Range(0, CustomerKey.Size).Select(number => (byte)number)]);
    private readonly CustomerKeys keys = new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("late, and the box was open 😀")]
    [InlineData("sealed:v1:AAAA")]
    public void What_was_sealed_opens_again(string text)
    {
        var sealedText = key.Seal(text, "event/text");

        sealedText.ShouldStartWith(CustomerKey.Prefix);
        if (text.Length > 0) sealedText.ShouldNotContain(text);
        key.Open(sealedText, "event/text").ShouldBe(text);
    }

    [Fact]
    public void The_same_text_in_the_same_place_seals_to_the_same_bytes() =>
        key.Seal("text", "event/text").ShouldBe(key.Seal("text", "event/text"));

    [Fact]
    public void Stored_texts_stay_readable_by_later_versions() =>
        key.Open("sealed:v1:KQy2Ifit/2NJSVcOrmWPdT8BaefLcRcFatM6EykHM0NUIVAa2yK4rcShiAlR+81Kkfv4UuZ8", "event/text").ShouldBe("late, and the box was open");

    [Theory]
    [InlineData("other", "event/text")]
    [InlineData("text", "event/comment")]
    public void Another_text_or_place_has_a_nonce_of_its_own(string text, string context) =>
        key.Seal(text, context)[..26].ShouldNotBe(key.Seal("text", "event/text")[..26]);

    [Fact]
    public void Context_and_text_cannot_be_shifted_into_one_another() =>
        key.Seal("bc", "a")[..26].ShouldNotBe(key.Seal("c", "ab")[..26]);

    [Fact]
    public void No_flipped_bit_goes_unnoticed()
    {
        var bytes = Convert.FromBase64String(key.Seal("text", "here")[CustomerKey.Prefix.Length..]);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var altered = bytes.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Should.Throw<SealBrokenException>(() => key.Open(CustomerKey.Prefix + Convert.ToBase64String(altered), "here"));
        }
    }

    [Theory]
    [InlineData("plain text")]
    [InlineData("sealed:v1:")]
    [InlineData("sealed:v1:!!!")]
    [InlineData("sealed:v1:AAAA")]
    public void What_is_not_a_sealed_text_is_refused(string text) => Should.Throw<SealBrokenException>(() => key.Open(text, "here"));

    [Fact]
    public void Another_place_or_key_does_not_open_it()
    {
        var sealedText = key.Seal("text", "here");

        Should.Throw<SealBrokenException>(() => key.Open(sealedText, "there"));
        Should.Throw<SealBrokenException>(() => new CustomerKey(new byte[CustomerKey.Size]).Open(sealedText, "here"));
    }

    [Fact]
    public async Task Eight_writers_that_need_a_customers_first_key_get_the_same()
    {
        string[] customers = ["a", "b", "c"];
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer =>
            keys.EnsureAsync("race", writer % 2 == 0 ? customers : [.. customers.Reverse()], Stop)));

        foreach (var customer in customers)
            found.Select(of => of[customer].Seal("text", "here")).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Keys_differ_by_customer_and_tenant_and_looking_makes_none()
    {
        var mine = await keys.EnsureAsync("t", ["a", "b", "a"], Stop);
        var theirs = await keys.EnsureAsync("u", ["a"], Stop);

        new[] { mine["a"], mine["b"], theirs["a"] }.Select(of => of.Seal("text", "here")).Distinct().Count().ShouldBe(3);
        (await keys.FindAsync("t", ["a", "nobody"], Stop)).Keys.ShouldBe(["a"]);
        (await keys.FindAsync("t", ["nobody"], Stop)).ShouldBeEmpty();
        (await keys.EnsureAsync("t", [], Stop)).ShouldBeEmpty();
    }
}
