using System.Collections.Frozen;

namespace Retention.Domain.Definitions;

/// <summary>
/// The minor units of ISO 4217, and amounts as integers. Inside, every amount of every currency is a whole number of ten-thousandths of
/// its major unit: no currency has a smaller minor unit, so one scale adds exactly whatever the currency turns out to be.
/// </summary>
public static class Currency
{
    /// <summary>Units in one major unit.</summary>
    public const int Scale = 10_000;

    private const int ScaleDigits = 4;

    // ISO 4217 list one, by minor unit. Codes withdrawn since 2020 stay, because a shop's history may be in them; codes without a minor
    // unit (metals, bond market units, drawing rights, testing) are no money that a customer pays in.
    private static readonly FrozenDictionary<string, int> DigitsByCode =
        Codes(0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF")
            .Concat(Codes(2,
                """
                AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
                COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS
                INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
                NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP
                SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
                """))
            .Concat(Codes(3, "BHD IQD JOD KWD LYD OMR TND"))
            .Concat(Codes(4, "CLF UYW"))
            .ToFrozenDictionary(StringComparer.Ordinal);

    // By number of decimals: multiplying by it sets exactly that many.
    private static readonly decimal[] Steps = [1m, 0.1m, 0.01m, 0.001m, 0.0001m];

    /// <summary>Decimals of the currency's minor unit (EUR 2, JPY 0, KWD 3); null for a code that is no currency, as "eur".</summary>
    public static int? Digits(string code) => DigitsByCode.TryGetValue(code, out var digits) ? digits : null;

    /// <summary>An amount in major units as units, halves of a ten-thousandth away from zero.</summary>
    /// <exception cref="OverflowException">The amount is beyond ±922 337 203 685 477.5807.</exception>
    public static long ToUnits(decimal amount) =>
        (long)(decimal.Round(amount, ScaleDigits, MidpointRounding.AwayFromZero) * Scale);

    /// <summary>Units as an amount in major units with <paramref name="digits"/> decimals, more only where needed.</summary>
    /// <param name="digits">Decimals of the currency, 0 … 4: 499 000 units are 49.90 with 2 and 49.9 with 0.</param>
    public static decimal FromUnits(long units, int digits)
    {
        var decimals = ScaleDigits;
        while (decimals > digits && units % 10 == 0)
        {
            units /= 10;
            decimals--;
        }
        return units * Steps[decimals];
    }

    private static IEnumerable<KeyValuePair<string, int>> Codes(int digits, string codes) =>
        codes.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(code => KeyValuePair.Create(code, digits));
}
