-- How often events were retracted as far as histories reflect it, by the event's id without retractions. waiting: the event itself has not
-- arrived yet, and is retracted when it does.
create table {schema}.retractions (
    tenant_id   varchar not null,
    event_id    uuid not null,
    retractions integer not null,
    waiting     boolean not null,
    constraint pk_retractions primary key (tenant_id, event_id)
);
create index retractions_waiting on {schema}.retractions (tenant_id, event_id) where waiting;
