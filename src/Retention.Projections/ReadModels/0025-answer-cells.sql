create table {schema}.answer_cells (
    tenant_id  varchar not null,
    instrument varchar not null,
    day        date not null,
    score      integer not null,
    responses  bigint not null,
    constraint pk_answer_cells primary key (tenant_id, instrument, day, score)
);
