-- One key for each customer; destroying the row makes the customer's free text unreadable for ever.
create table {schema}.customer_keys (
    tenant_id   text        not null,
    customer_id text        not null,
    key         bytea       not null,
    created_at  timestamptz not null,
    primary key (tenant_id, customer_id)
);

-- Where the safe position stood at what time, so that a time means a position. A mark belongs to the place, not to a tenant.
create table {schema}.log_marks (
    mark        bigint      not null primary key,
    recorded_at timestamptz not null
);
create index log_marks_recorded_at on {schema}.log_marks (recorded_at);
