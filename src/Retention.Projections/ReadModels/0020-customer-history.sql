-- The fold of each customer's events, in chunks of consecutive entries. core, names and details are columns of their own, so that a
-- question reads only what it needs; core is small and stays in the row.
create table {schema}.customer_history (
    tenant_id   varchar not null,
    customer_id varchar not null,
    chunk       bigint not null,
    core        bytea not null,
    names       bytea not null,
    details     bytea not null,
    constraint pk_customer_history primary key (tenant_id, customer_id, chunk)
);
