using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Definitions;

public class CurrencyTests
{
    [Theory]
    [InlineData("EUR", 2)]
    [InlineData("USD", 2)]
    [InlineData("GBP", 2)]
    [InlineData("BRL", 2)]
    [InlineData("SEK", 2)]
    [InlineData("MRU", 2)]
    [InlineData("MGA", 2)]
    [InlineData("XCG", 2)]
    [InlineData("JPY", 0)]
    [InlineData("ISK", 0)]
    [InlineData("XOF", 0)]
    [InlineData("KWD", 3)]
    [InlineData("TND", 3)]
    [InlineData("CLF", 4)]
    [InlineData("UYW", 4)]
    public void A_currency_has_the_minor_unit_of_its_standard(string code, int digits) => Currency.Digits(code).ShouldBe(digits);

    [Theory]
    [InlineData("eur")]
    [InlineData("EURO")]
    [InlineData("")]
    [InlineData("DEM")]
    [InlineData("XAU")]
    [InlineData("XXX")]
    public void A_code_that_nobody_pays_in_is_unknown(string code) => Currency.Digits(code).ShouldBeNull();

    [Theory]
    [InlineData("49.9", 499_000)]
    [InlineData("-0.01", -100)]
    [InlineData("0.00005", 1)]
    [InlineData("-0.00005", -1)]
    [InlineData("0.0000499999999999999999999999", 0)]
    [InlineData("922337203685477.5807", long.MaxValue)]
    public void Amounts_become_ten_thousandths_with_halves_away_from_zero(string amount, long units) =>
        Currency.ToUnits(decimal.Parse(amount, CultureInfo.InvariantCulture)).ShouldBe(units);

    [Theory]
    [InlineData(499_000, 2, "49.90")]
    [InlineData(490_000, 0, "49")]
    [InlineData(499_000, 0, "49.9")]
    [InlineData(12_345, 3, "1.2345")]
    [InlineData(12_340, 3, "1.234")]
    [InlineData(-12_300, 4, "-1.2300")]
    [InlineData(0, 2, "0.00")]
    [InlineData(long.MinValue, 2, "-922337203685477.5808")]
    public void Units_are_shown_with_the_digits_of_the_currency_and_more_only_if_needed(long units, int digits, string amount) =>
        Currency.FromUnits(units, digits).ToString(CultureInfo.InvariantCulture).ShouldBe(amount);

    [Theory]
    [InlineData("922337203685477.5808")]
    [InlineData("79228162514264337593543950335")]
    public void An_amount_that_does_not_fit_is_an_error(string amount) =>
        Should.Throw<OverflowException>(() => Currency.ToUnits(decimal.Parse(amount, CultureInfo.InvariantCulture)));

    [Fact]
    public void Units_survive_the_way_out_and_back() =>
        Prop.ForAll<long, int>((units, digits) => Currency.ToUnits(Currency.FromUnits(units, Math.Abs(digits % 5))) == units)
            .QuickCheckThrowOnFailure();
}
