-- Read models made anew from the log, beside the live ones: named replays of a tenant, and under tenant '*' the rebuild of all. Their tables
-- are in a schema of their own, called by the number. A builder holds an advisory lock while it works: one that is building and not locked
-- was interrupted.
create table {schema}.replays (
    tenant_id  varchar not null,
    name       varchar not null,
    number     bigint generated always as identity,
    status     varchar not null,
    up_to      bigint not null,
    asked      jsonb not null,
    progress   jsonb not null default '{"phase": "waiting", "events": 0, "read": 0, "folded": 0, "eventsPerSecond": 0}',
    error      varchar,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint pk_replays primary key (tenant_id, name)
);

-- Events that projections pass over as if they had never been sent, by whose word and why.
create table {schema}.skipped_events (
    tenant_id  varchar not null,
    event_id   uuid not null,
    position   bigint not null,
    reason     varchar not null,
    skipped_at timestamptz not null,
    constraint pk_skipped_events primary key (tenant_id, event_id)
);
