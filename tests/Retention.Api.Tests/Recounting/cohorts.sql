-- The cohort matrix of first orders, modes on and on_or_after, refunds on the order's day. $1 zone, $2 month or week, $3 asOf, $4 last column.
with visit as (
    select customer, date_trunc($2, local) as period, net from valid($1, $3)
),
stay as (
    select customer, min(period) as cohort, max(period) as last from visit group by customer
),
repeat as (
    select customer from visit join stay using (customer) where period = cohort group by customer having count(*) > 1
),
size as (
    select cohort, count(*) as customers, count(repeat.customer) as repeaters
    from stay left join repeat using (customer)
    group by cohort
),
leaving as (
    select cohort, last, count(*) as customers from stay group by cohort, last
),
cell as (
    select cohort, period, count(distinct customer) as customers, count(*) as orders, sum(net) as revenue
    from visit join stay using (customer)
    group by cohort, period
),
slot as (
    select cohort, customers as size, repeaters, k,
           cohort + k * ('1 ' || $2)::interval as starts, cohort + (k + 1) * ('1 ' || $2)::interval as ends
    from size, generate_series(0, $4) as k
)
select s.cohort::date, s.size, s.k,
       case when s.ends at time zone $1 <= $3 then 'complete'
            when s.starts at time zone $1 >= $3 then 'not_observable'
            else 'in_progress' end as status,
       coalesce(c.customers, 0) as customers, coalesce(c.orders, 0) as orders, coalesce(c.revenue, 0) as revenue,
       (select coalesce(sum(l.customers), 0)::bigint from leaving l where l.cohort = s.cohort and l.last >= s.starts) as since, s.repeaters
from slot s
left join cell c on c.cohort = s.cohort and c.period = s.starts
order by s.cohort, s.k;
