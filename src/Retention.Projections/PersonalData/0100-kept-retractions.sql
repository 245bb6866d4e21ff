-- What had become of an event's name by a position, where events of an erased customer had a part in it: how often it was retracted, whether
-- a retraction waits for it, and which events of others under that name were known until when. The log alone does not tell any more.
create table {schema}.kept_retractions (
    tenant_id   varchar not null,
    event_id    uuid not null,
    position    bigint not null,
    retractions integer not null,
    waiting     boolean not null,
    known_from  bigint[] not null,
    known_until bigint[] not null,
    constraint pk_kept_retractions primary key (tenant_id, event_id)
);
