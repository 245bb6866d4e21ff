-- The retention waterfall, as a walk over islands of purchase days. $1 zone, $2 grain, $3 asOf, $4 the window W in days.
with day as (
    select distinct customer, local::date as day from valid($1, $3)
),
step as (
    select customer, day, coalesce(day > lag(day) over days + $4, true) as begins from day window days as (partition by customer order by day)
),
island as (
    select customer, day, count(*) filter (where begins) over (partition by customer order by day) as nth from step
),
span as (
    select customer, nth, min(day) as s, max(day) + $4 as e from island group by customer, nth
),
moment as (
    select ($3 at time zone $1)::date as today
),
period as (
    -- All up to the moment's, but not those more than two after the last customer has lapsed.
    select starts::date as a, (starts + ('1 ' || $2)::interval)::date as b
    from generate_series(
        (select date_trunc($2, min(s)::timestamp) from span),
        least($3 at time zone $1 - interval '1 microsecond', (select max(e) + 2 * ('1 ' || $2)::interval from span)),
        ('1 ' || $2)::interval) as starts
),
-- A customer is active at day x when s < x <= e; at the moment itself what began today counts, what ends today has not ended yet.
stance as (
    select a, b, b <= today as complete, customer,
           bool_or(s < a and a <= e) as opens,
           bool_or(case when b <= today then s < b and b <= e else today <= e end) as closes,
           count(*) filter (where nth = 1 and s >= a and s < b) as acquired,
           count(*) filter (where nth > 1 and s >= a and s < b) as reactivated,
           count(*) filter (where e >= a and e < b and e < today) as lapsed
    from period, moment, span
    group by a, b, today, customer
)
select a, case when complete then 'complete' else 'in_progress' end as status, count(*) filter (where opens) as opening,
       sum(acquired)::bigint as acquired, sum(reactivated)::bigint as reactivated, sum(lapsed)::bigint as lapsed,
       coalesce(sum(lapsed) filter (where opens), 0)::bigint as lapsed_old, count(*) filter (where closes) as closing,
       count(*) filter (where opens and not closes) as lost, count(*) filter (where opens and closes) as retained
from stance
group by a, complete
order by a;
