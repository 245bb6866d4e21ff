-- revenue is in ten-thousandths of the major unit
create table {schema}.revenue_cells (
    tenant_id     varchar not null,
    grain         varchar not null,
    period        date not null,
    orders        bigint not null,
    customers     bigint not null,
    repeaters     bigint not null,
    returning_customers bigint not null,
    acquired      bigint not null,
    second_orders bigint not null,
    revenue       bigint not null,
    constraint pk_revenue_cells primary key (tenant_id, grain, period)
);
