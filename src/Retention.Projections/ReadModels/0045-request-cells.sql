create table {schema}.request_cells (
    tenant_id  varchar not null,
    instrument varchar not null,
    day        date not null,
    requested  bigint not null,
    bounced    bigint not null,
    answered   bigint not null,
    constraint pk_request_cells primary key (tenant_id, instrument, day)
);

-- Complaint figures are folds: percentiles need every duration.
drop table {schema}.complaint_cells;
