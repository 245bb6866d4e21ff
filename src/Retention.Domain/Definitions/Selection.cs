using System.Globalization;
using Retention.Domain.Customers;
using Retention.Domain.Events;

namespace Retention.Domain.Definitions;

/// <summary>
/// Chooses customers. An attribute (country, campaign, tier, any own) is the value in force at the first order, else the first one later;
/// <c>channel</c> is the first order's; <c>product</c> and <c>discountCode</c> are those of any valid order; <c>spend</c> is net revenue to
/// the moment. Conditions must all hold, each by one of its values.
/// </summary>
public sealed class Selection(IReadOnlyList<Condition> conditions)
{
    public static Selection Everybody { get; } = new([]);

    public IReadOnlyList<Condition> Conditions => conditions;

    /// <summary>Whether lines and codes of orders, or personal attributes, must be read.</summary>
    public bool NamesDetails => conditions.Any(condition => condition is Condition.Product or Condition.DiscountCode) || PersonalNames.Any();

    /// <summary>The personal attributes that conditions name.</summary>
    public IEnumerable<string> PersonalNames =>
        conditions.OfType<Condition.Dimension>().Select(condition => condition.Name).Where(Impersonal.IsPersonal);

    /// <summary>The same but for conditions on some dimensions, which are not the customer's.</summary>
    public Selection Without(IReadOnlyList<string> dimensions) =>
        new([.. conditions.Where(condition => condition is not Condition.Dimension { Name: var name } || !dimensions.Contains(name))]);

    public bool Includes(CustomerView customer)
    {
        foreach (var condition in conditions)
        {
            if (!condition.Holds(customer)) return false;
        }
        return true;
    }
}

/// <summary>One condition on a customer.</summary>
public abstract record Condition(string Text)
{
    private static readonly string[] Comparisons = [">=", "<=", ">", "<", "="];

    public abstract bool Holds(CustomerView customer);

    /// <summary>Reads <c>name:value[,value…]</c>.</summary>
    /// <returns>The condition, or what is wrong with the text.</returns>
    public static (Condition? Condition, string? Fault) Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == text.Length - 1)
            return (null, "must be name:value, such as country:FI,SE; a comma means or, and filters that are repeated must all hold");
        var (name, values) = (text[..colon], text[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries));
        if (values.Contains("")) return (null, $"names an empty value of {name}");
        return name switch
        {
            "product" => (new Product(text, values), null),
            "discountCode" => (new DiscountCode(text, values), null),
            "spend" => SpendOf(text, values),
            _ => (new Dimension(text, name, values), null),
        };
    }

    private static (Condition?, string?) SpendOf(string text, string[] values)
    {
        var bounds = new List<(string, long)>();
        foreach (var value in values)
        {
            var comparison = Comparisons.FirstOrDefault(sign => value.StartsWith(sign, StringComparison.Ordinal)) ?? "";
            if (comparison == "" || !decimal.TryParse(value[comparison.Length..], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
                || Math.Abs(amount) > 100_000_000_000 || decimal.Round(amount, 4) != amount)
                return (null, "spend must be compared with an amount: spend:>=100, spend:<50.5; allowed are >=, >, <=, < and =");
            bounds.Add((comparison, Currency.ToUnits(amount)));
        }
        return (new Spend(text, bounds), null);
    }

    /// <param name="Name"><c>channel</c> or an attribute.</param>
    public sealed record Dimension(string Text, string Name, IReadOnlyList<string> Values) : Condition(Text)
    {
        public override bool Holds(CustomerView customer) => customer.DimensionOf(Name) is { } value && Values.Contains(value);
    }

    public sealed record Product(string Text, IReadOnlyList<string> Skus) : Condition(Text)
    {
        public override bool Holds(CustomerView customer)
        {
            foreach (var order in customer.Orders)
            {
                if (customer.DetailsOf(order) is { } details && details.Lines.Any(line => Skus.Contains(line.Sku))) return true;
            }
            return false;
        }
    }

    public sealed record DiscountCode(string Text, IReadOnlyList<string> Codes) : Condition(Text)
    {
        public override bool Holds(CustomerView customer)
        {
            foreach (var order in customer.Orders)
            {
                if (customer.DetailsOf(order) is { } details && details.Codes.Any(code => Codes.Contains(code))) return true;
            }
            return false;
        }
    }

    /// <param name="Bounds">Comparisons with amounts in ten-thousandths.</param>
    public sealed record Spend(string Text, IReadOnlyList<(string Comparison, long Amount)> Bounds) : Condition(Text)
    {
        public override bool Holds(CustomerView customer)
        {
            var spent = customer.Spent;
            return Bounds.Any(bound => bound.Comparison switch
            {
                ">=" => spent >= bound.Amount,
                ">" => spent > bound.Amount,
                "<=" => spent <= bound.Amount,
                "<" => spent < bound.Amount,
                _ => spent == bound.Amount,
            });
        }
    }
}
