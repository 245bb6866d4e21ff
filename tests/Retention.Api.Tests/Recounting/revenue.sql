-- Orders, customers and revenue by local period, refunds on the order's day. $1 zone, $2 grain, $3 asOf.
select date_trunc($2, local)::date as period, count(*) as orders, count(distinct customer) as customers, sum(net) as revenue
from valid($1, $3)
group by 1
order by 1;
