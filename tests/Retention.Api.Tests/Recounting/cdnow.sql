-- The purchases of the rows in table line, counted from the words of the mapping alone; there are no refunds.

create table purchase as
select line::text as orderid, customer, (date + time '12:00') at time zone 'UTC' as at, amount as total
from line;

create table refund (line bigint, orderid text, at timestamptz, amount numeric);
create table unmatched (line bigint, units numeric);
create view country_change as select from purchase where false;
