-- The purchases and refunds of the invoice lines in table line, counted from the words of the mapping alone.

analyze line;

create table purchase as
select invoiceno collate "C" as orderid, min(customerid) as customer, min(invoicedate) at time zone 'Europe/London' as at,
       round(sum(quantity * unitprice), 2) as total,
       round(sum(quantity * unitprice), 2) as remaining, (array_agg(country order by invoicedate, line))[1] as country
from line
where customerid is not null and invoiceno not like 'C%'
group by 1
having round(sum(quantity * unitprice), 2) >= 0;

-- A customer's first country and every later change of it.
create view country_change as
select * from (
    select customer, orderid, at, country, lag(country) over (partition by customer order by at, orderid) as before from purchase
) as visit
where country is distinct from before;

create unique index on purchase (orderid);
analyze purchase;

-- Only what a customer has returned something of can be returned.
create table held as
select p.customer, p.orderid, p.at, l.stockcode, sum(l.quantity) as units
from purchase p join line l on l.invoiceno = p.orderid and l.customerid is not null
where (p.customer, l.stockcode) in (select customerid, stockcode from line where invoiceno like 'C%')
group by 1, 2, 3, 4;

create index on held (customer, stockcode, at desc, orderid desc);
analyze held;

create table refund (line bigint, orderid text, at timestamptz, amount numeric);
create table unmatched (line bigint, units numeric);

do $$
declare
    returned record;
    lot record;
    open numeric;
    taken numeric;
    paid numeric;
begin
    for returned in
        select line, customerid, stockcode, -quantity as units, unitprice, invoicedate at time zone 'Europe/London' as at
        from line
        where customerid is not null and invoiceno like 'C%' and quantity < 0 and unitprice >= 0
        order by invoicedate, line
    loop
        open := returned.units;
        for lot in
            select orderid, units from held
            where customer = returned.customerid and stockcode = returned.stockcode and at < returned.at and units > 0
            order by at desc, orderid desc
        loop
            exit when open = 0;
            taken := least(open, lot.units);
            open := open - taken;
            update held set units = units - taken
            where customer = returned.customerid and stockcode = returned.stockcode and orderid = lot.orderid;

            select least(round(taken * returned.unitprice, 2), remaining) into paid from purchase where orderid = lot.orderid;
            if paid > 0 then
                update purchase set remaining = remaining - paid where orderid = lot.orderid;
                insert into refund values (returned.line, lot.orderid, returned.at, paid);
            end if;
        end loop;
        if open > 0 then
            insert into unmatched values (returned.line, open);
        end if;
    end loop;
end
$$;
