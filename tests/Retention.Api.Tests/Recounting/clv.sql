-- Historic lifetime value by cohort of first orders, in total and within windows of days. $1 zone, $2 grain, $3 asOf.
with visit as (
    select customer, local::date as day, net, min(local::date) over (partition by customer) as first from valid($1, $3)
)
select date_trunc($2, first::timestamp)::date as cohort, count(distinct customer) as customers, sum(net) as revenue, days,
       case when (date_trunc($2, first::timestamp) + ('1 ' || $2)::interval)::date + days <= ($3 at time zone $1)::date
            then sum(net) filter (where day < first + days) end as within
from visit, unnest(array[30, 60, 90, 180, 365]) as days
group by date_trunc($2, first::timestamp), days
order by 1, days;
