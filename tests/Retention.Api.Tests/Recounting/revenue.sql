-- Orders, customers and revenue by local period, refunds on the order's day. $1 zone, $2 grain, $3 asOf.
select date_trunc($2, p.at at time zone $1)::date as period, count(*) as orders, count(distinct p.customer) as customers,
       sum(p.total - coalesce(r.amount, 0)) as revenue
from purchase p
left join (select orderid, sum(amount) as amount from refund where at < $3 group by orderid) r using (orderid)
where p.at < $3 and (p.total = 0 or p.total > coalesce(r.amount, 0))
group by 1
order by 1;
