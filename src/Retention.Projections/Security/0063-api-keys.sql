-- Keys to the HTTP API: the first characters of each, which name it, and the SHA-256 of the whole. A revoked key stays, so that a service
-- whose last key is revoked does not open to everybody.
create table {schema}.api_keys (
    tenant_id  varchar not null,
    prefix     varchar not null,
    name       varchar not null,
    scopes     varchar[] not null,
    hash       bytea not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint pk_api_keys primary key (tenant_id, prefix)
);

create unique index ux_api_keys_prefix on {schema}.api_keys (prefix);
