-- The orders that count at a moment, with their day in a zone and what refunds until then have left of them.
create function valid(zone text, moment timestamptz) returns table (customer text, orderid text, at timestamptz, local timestamp, net numeric)
language sql stable as $$
    select p.customer, p.orderid, p.at, p.at at time zone zone, p.total - coalesce(r.amount, 0)
    from purchase p
    left join (select orderid, sum(amount) as amount from refund where at < moment group by orderid) r using (orderid)
    where p.at < moment and (p.total = 0 or p.total > coalesce(r.amount, 0))
$$;
