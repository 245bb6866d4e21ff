-- How often an event of an id was retracted, as the append counts it: what is sent under the id after n retractions is stored under an id of
-- its own. event_id is the id without retractions. The projection counts by itself, and adds only what other clients of the tables retract.
create table {schema}.retracted_ids (
    tenant_id   varchar not null,
    event_id    uuid not null,
    retractions integer not null,
    constraint pk_retracted_ids primary key (tenant_id, event_id)
);
