create table {schema}.complaint_cells (
    tenant_id varchar not null,
    day       date not null,
    received  bigint not null,
    replied   bigint not null,
    resolved  bigint not null,
    constraint pk_complaint_cells primary key (tenant_id, day)
);
