-- How far the log is reflected in histories and read models. The row of tenant '*' stands for all tenants without a row of their own;
-- a tenant has one of its own while it is paused by an event that cannot be applied. The generation of row '*' rises whenever a tenant
-- gets or loses such a row or is deleted: a batch that was read before does not fit any more.
create table {schema}.projection_progress (
    tenant_id     varchar not null,
    position      bigint not null,
    generation    bigint not null default 0,
    paused_at     bigint,
    paused_event  uuid,
    paused_reason varchar,
    constraint pk_projection_progress primary key (tenant_id)
);

insert into {schema}.projection_progress (tenant_id, position) values ('*', 0);

create table {schema}.tenants (
    tenant_id  varchar not null,
    created_at timestamptz not null,
    constraint pk_tenants primary key (tenant_id)
);

-- What the histories and read models of a tenant reflect: its last event applied, its settings as of that event, the latest
-- occurredAt in its histories (UTC ticks), and the definition that its cells were made by; stale
-- while the settings ask for another.
create table {schema}.reflections (
    tenant_id       varchar not null,
    position        bigint not null,
    recorded_at     timestamptz not null,
    latest_fact     bigint not null,
    settings        jsonb,
    maintained_by   varchar not null,
    stale           boolean not null,
    constraint pk_reflections primary key (tenant_id)
);
