-- Since when requests need a key: the first one that was ever made locked the service, and it stays so when the last one goes with its tenant.
-- No row, or any; an administrator removes them on the command line.
create table {schema}.locked (
    since timestamptz not null,
    constraint pk_locked primary key (since)
);

insert into {schema}.locked select min(created_at) from {schema}.api_keys having count(*) > 0;
