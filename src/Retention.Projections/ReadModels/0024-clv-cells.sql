-- amounts are in ten-thousandths of the major unit
create table {schema}.clv_cells (
    tenant_id      varchar not null,
    grain          varchar not null,
    cohort         date not null,
    customers      bigint not null,
    revenue        bigint not null,
    margin         bigint not null,
    margin_revenue bigint not null,
    within_30      bigint not null,
    within_60      bigint not null,
    within_90      bigint not null,
    within_180     bigint not null,
    within_365     bigint not null,
    constraint pk_clv_cells primary key (tenant_id, grain, cohort)
);
