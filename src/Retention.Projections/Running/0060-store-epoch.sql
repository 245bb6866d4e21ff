-- Names this store: another one, and one restored from an earlier copy of itself, has another name, so that what was made of its
-- positions is not mistaken for an answer of this one. One row.
create table {schema}.store_epoch (
    epoch uuid not null default gen_random_uuid(),
    constraint pk_store_epoch primary key (epoch)
);

insert into {schema}.store_epoch default values;
