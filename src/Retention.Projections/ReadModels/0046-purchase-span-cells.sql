-- How many customers have this first and last purchase day and so many purchase days after the first: the sufficient statistics of the
-- predictive models. Combinations that nobody has any more are deleted. Cells are made anew from the histories.
create table {schema}.purchase_span_cells (
    tenant_id varchar not null,
    first_day date not null,
    last_day  date not null,
    frequency integer not null,
    customers bigint not null,
    constraint pk_purchase_span_cells primary key (tenant_id, first_day, last_day, frequency)
) with (fillfactor = 70);
