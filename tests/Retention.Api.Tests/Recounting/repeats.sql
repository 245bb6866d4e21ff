-- Who came again, by local period with orders. $1 zone, $2 grain, $3 asOf.
with visit as (
    select customer, date_trunc($2, local) as period, row_number() over (partition by customer order by at, orderid) as nth
    from valid($1, $3)
),
guest as (
    select customer, period, count(*) as orders, lag(period) over (partition by customer order by period) is not null as returns
    from visit
    group by customer, period
)
select period::date, count(*) filter (where orders > 1) as repeaters, count(*) filter (where returns) as returning,
       (select count(*) from visit v where v.nth = 1 and v.period <= g.period) as acquired,
       (select count(*) from visit v where v.nth = 2 and v.period <= g.period) as repeated
from guest g
group by period
order by period;
