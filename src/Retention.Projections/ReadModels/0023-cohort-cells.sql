-- revenue is in ten-thousandths of the major unit
create table {schema}.cohort_cells (
    tenant_id     varchar not null,
    grain         varchar not null,
    cohort        date not null,
    k             integer not null,
    customers     bigint not null,
    last_orders   bigint not null,
    second_orders bigint not null,
    orders        bigint not null,
    revenue       bigint not null,
    constraint pk_cohort_cells primary key (tenant_id, grain, cohort, k)
);
