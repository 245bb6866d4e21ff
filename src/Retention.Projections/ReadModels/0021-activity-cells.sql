create table {schema}.activity_cells (
    tenant_id   varchar not null,
    grain       varchar not null,
    period      date not null,
    day         date not null,
    acquired    bigint not null,
    reactivated bigint not null,
    lapsed      bigint not null,
    lapsed_old  bigint not null,
    regained    bigint not null,
    constraint pk_activity_cells primary key (tenant_id, grain, period, day)
);
