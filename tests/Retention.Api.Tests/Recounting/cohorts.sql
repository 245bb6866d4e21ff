-- The cohort matrix of first orders, mode on, refunds on the order's day. $1 zone, $2 month or week, $3 asOf, $4 last column.
with valid as (
    select p.customer, date_trunc($2, p.at at time zone $1) as period, p.total - coalesce(r.amount, 0) as net
    from purchase p
    left join (select orderid, sum(amount) as amount from refund where at < $3 group by orderid) r using (orderid)
    where p.at < $3 and (p.total = 0 or p.total > coalesce(r.amount, 0))
),
first as (
    select customer, min(period) as cohort from valid group by customer
),
size as (
    select cohort, count(*) as customers from first group by cohort
),
cell as (
    select cohort, period, count(distinct customer) as customers, count(*) as orders, sum(net) as revenue
    from valid join first using (customer)
    group by cohort, period
),
slot as (
    select cohort, customers as size, k, cohort + k * ('1 ' || $2)::interval as starts, cohort + (k + 1) * ('1 ' || $2)::interval as ends
    from size, generate_series(0, $4) as k
)
select s.cohort::date, s.size, s.k,
       case when s.ends at time zone $1 <= $3 then 'complete'
            when s.starts at time zone $1 >= $3 then 'not_observable'
            else 'in_progress' end as status,
       coalesce(c.customers, 0) as customers, coalesce(c.orders, 0) as orders, coalesce(c.revenue, 0) as revenue
from slot s
left join cell c on c.cohort = s.cohort and c.period = s.starts
order by s.cohort, s.k;
