-- Files imported through the service: what was asked, how far it came, and the report at the end.
-- status is what the run last wrote; a run that holds no lock any more was interrupted.
create table {schema}.imports (
    tenant_id   text        not null,
    id          uuid        not null,
    mapping     text        not null,
    dry_run     boolean     not null,
    status      text        not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    progress    jsonb       not null,
    report      jsonb,
    error       jsonb,
    primary key (tenant_id, id)
);
