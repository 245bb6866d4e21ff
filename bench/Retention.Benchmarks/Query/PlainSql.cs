namespace Retention.Benchmarks.Query;

/// <summary>The questions as an analyst would write them over a table of purchases.</summary>
internal static class PlainSql
{
    private const string From = "from {schema}.plain_purchases where tenant_id = $1";

    /// <summary>Customers by month of the first purchase and months since, and the share that bought.</summary>
    public static string Cohorts(string more = "") => $"""
        with bought as (select customer_id, (date_trunc('month', at at time zone 'UTC'))::date as month {From} {more}),
        firsts as (select customer_id, min(month) as cohort from bought group by 1),
        cells as (
            select cohort, (extract(year from age(month, cohort)) * 12 + extract(month from age(month, cohort)))::int as k, count(distinct customer_id) as customers
            from bought join firsts using (customer_id) group by 1, 2)
        select cohort, k, customers, customers::float / first_value(customers) over (partition by cohort order by k) as rate
        from cells where k <= 12 order by 1, 2
        """;

    /// <summary>Active, acquired, reactivated and lapsed customers by month, with windows of <c>$2</c> days joined into spans.</summary>
    public static string Retention(string more = "") => $"""
        with days as (select distinct customer_id, (at at time zone 'UTC')::date as day {From} {more}),
        marked as (select customer_id, day, lag(day) over (partition by customer_id order by day) as before from days),
        numbered as (select customer_id, day, count(*) filter (where before is null or day > before + $2) over (partition by customer_id order by day) as span from marked),
        spans as (select customer_id, span, min(day) as starts, max(day) + $2 as ends from numbered group by 1, 2),
        months as (select generate_series(date '2023-01-01', date '2025-12-01', interval '1 month')::date as month)
        select month,
            count(*) filter (where starts < month and month <= ends) as opening,
            count(*) filter (where span = 1 and date_trunc('month', starts) = month) as acquired,
            count(*) filter (where span > 1 and date_trunc('month', starts) = month) as reactivated,
            count(*) filter (where date_trunc('month', ends) = month) as lapsed,
            count(*) filter (where starts < month + interval '1 month' and month + interval '1 month' <= ends) as closing
        from months cross join spans group by 1 order by 1
        """;
}
