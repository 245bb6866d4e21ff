-- Everything ever said about who is whom: merges, and what takes them back. position and known_until are log positions, known_until 0 while
-- nothing has retracted the statement; occurred_at is in UTC ticks.
create table {schema}.customer_links (
    tenant_id   varchar not null,
    customer_id varchar not null,
    position    bigint not null,
    into_id     varchar not null,
    merged      boolean not null,
    known_until bigint not null,
    occurred_at bigint not null,
    source      varchar not null,
    event_id    varchar not null,
    constraint pk_customer_links primary key (tenant_id, customer_id, position)
);
create index customer_links_into on {schema}.customer_links (tenant_id, into_id);
