-- Which process keeps the histories and read models of this place, until when unless it says so again, and how often that has changed
-- hands. One row. No owner: it has been given up.
create table {schema}.projection_lease (
    epoch bigint not null,
    owner varchar,
    since timestamptz,
    until timestamptz not null,
    constraint pk_projection_lease primary key (epoch)
);

insert into {schema}.projection_lease (epoch, until) values (0, '-infinity');

-- The owner that row '*' obeys. It is a copy of the lease's: a batch holds this row while the lease is renewed.
alter table {schema}.projection_progress add epoch bigint not null default 0;
