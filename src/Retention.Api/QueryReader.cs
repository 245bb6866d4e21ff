using System.Globalization;
using Microsoft.Extensions.Primitives;
using Retention.Api.Security.Limiting;
using Retention.Domain.Events;

namespace Retention.Api;

/// <summary>
/// Reads a query string. Every fault is collected, and <see cref="Done"/> turns them into one 400 that names each parameter and what is
/// allowed.
/// </summary>
/// <param name="largestPage">The most rows that a page may be asked to have.</param>
public sealed class QueryReader(IQueryCollection query, int largestPage)
{
    private const string Repeatable = "filter";
    private const int UsualPage = 100;

    private readonly List<Fault> faults = [];

    public static QueryReader Of(HttpContext http) => new(http.Request.Query, http.RequestServices.GetRequiredService<Limits>().PageRows);

    /// <summary>Refuses parameters other than these, and those that are given twice.</summary>
    public QueryReader Only(params IReadOnlyList<string> allowed)
    {
        foreach (var (name, values) in query)
        {
            if (!allowed.Contains(name)) Fault(name, "unknown_parameter", $"is not a parameter here; {(allowed.Count == 0 ? "none is allowed" : $"allowed are {string.Join(", ", allowed.Order(StringComparer.Ordinal))}")}");
            else if (values.Count > 1 && name != Repeatable) Fault(name, "repeated", "may be given once");
        }
        Done();
        return this;
    }

    /// <summary>Every value of the one parameter that may be given several times.</summary>
    public IEnumerable<string> All(string name)
    {
        if (!query.TryGetValue(name, out var values)) return [];
        if (values.Any(string.IsNullOrEmpty)) Empty(name);
        return values.Where(value => !string.IsNullOrEmpty(value)).Select(value => value!);
    }

    public bool Has(string name) => query.ContainsKey(name);

    public string? Text(string name) => query.TryGetValue(name, out var values) && !StringValues.IsNullOrEmpty(values) ? values[0] : Empty(name);

    /// <summary>One of the allowed words, case-sensitively.</summary>
    public string? Choice(string name, IReadOnlyList<string> allowed)
    {
        var text = Text(name);
        if (text is null || allowed.Contains(text)) return text;
        Fault(name, "not_allowed", $"must be one of {string.Join(", ", allowed)}");
        return null;
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text) return null;
        if (Timestamp.TryParse(text) is { } time) return time;
        Fault(name, "not_a_time", "must be an RFC 3339 time with an offset; a + in a URL is written %2B");
        return null;
    }

    public bool? Flag(string name) => Choice(name, ["true", "false"]) is { } text ? text == "true" : null;

    public long? Whole(string name, long min, long max)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        Fault(name, "out_of_range", $"must be a whole number from {min} to {max}");
        return null;
    }

    /// <summary>How many rows a page shall have.</summary>
    public int Limit() => (int)(Whole("limit", 1, largestPage) ?? Math.Min(UsualPage, largestPage));

    public double? Number(string name, double min, double max)
    {
        if (Text(name) is not { } text) return null;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        Fault(name, "out_of_range", string.Create(CultureInfo.InvariantCulture, $"must be a number from {min} to {max}, such as 0.5"));
        return null;
    }

    public DateOnly? Date(string name)
    {
        if (Text(name) is not { } text) return null;
        if (TryDate(text) is { } date) return date;
        Fault(name, "not_a_date", "must be an ISO date such as 2026-01-31, from 1900 to 2200");
        return null;
    }

    /// <summary>An ISO date from 1900 to 2200, or null for any other text.</summary>
    public static DateOnly? TryDate(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is >= 1900 and <= 2200 ? date : null;

    /// <summary>Notes a fault of a parameter; its first one stands.</summary>
    public void Fault(string name, string code, string message)
    {
        if (!faults.Exists(fault => fault.Path == name)) faults.Add(new Fault(name, code, message));
    }

    /// <exception cref="ProblemException">400, with everything that was wrong.</exception>
    public void Done()
    {
        if (faults.Count > 0) throw new ProblemException(400, faults[0].Code, $"{faults[0].Path}: {faults[0].Message}", [.. faults]);
    }

    private string? Empty(string name)
    {
        if (query.ContainsKey(name)) Fault(name, "empty", "has no value");
        return null;
    }
}

/// <summary>What routes take in the query string.</summary>
internal static class TakenParameters
{
    /// <summary>For routes whose handlers do not read the query string whole: refuses parameters other than these, and those that are given twice.</summary>
    public static TRoutes Takes<TRoutes>(this TRoutes routes, params string[] names) where TRoutes : IEndpointConventionBuilder => routes.AddEndpointFilter((asked, next) =>
    {
        QueryReader.Of(asked.HttpContext).Only(names);
        return next(asked);
    });
}
