-- Revenue by local period, every charge on its order's day and every refund on its own. $1 zone, $2 grain, $3 asOf.
select date_trunc($2, at at time zone $1)::date as period, sum(amount) as revenue
from (select at, total as amount from purchase union all select at, -amount from refund) as booking
where at < $3
group by 1
order by 1;
