-- Cells of all customers together and of those with one value of one dimension. dimension is '' for all; value is '' where a customer has
-- none, else '=' and the value. Histories and cells are made anew from the log.
drop table {schema}.activity_cells, {schema}.revenue_cells, {schema}.cohort_cells, {schema}.clv_cells, {schema}.answer_cells, {schema}.complaint_cells;

-- The week, month, quarter and year that a flow belongs to follow from its day.
create table {schema}.activity_cells (
    tenant_id        varchar not null,
    dimension        varchar collate "C" not null,
    value            varchar collate "C" not null,
    day              date not null,
    acquired         bigint not null,
    reactivated      bigint not null,
    lapsed           bigint not null,
    lapsed_old_day   bigint not null,
    lapsed_old_week  bigint not null,
    lapsed_old_month bigint not null,
    lapsed_old_quarter bigint not null,
    lapsed_old_year  bigint not null,
    regained_week    bigint not null,
    regained_month   bigint not null,
    regained_quarter bigint not null,
    regained_year    bigint not null,
    constraint pk_activity_cells primary key (tenant_id, dimension, value, day)
) with (fillfactor = 70);

-- revenue is in ten-thousandths of the major unit
create table {schema}.revenue_cells (
    tenant_id     varchar not null,
    grain         varchar collate "C" not null,
    dimension     varchar collate "C" not null,
    value         varchar collate "C" not null,
    period        date not null,
    orders        bigint not null,
    customers     bigint not null,
    repeaters     bigint not null,
    returning_customers bigint not null,
    acquired      bigint not null,
    second_orders bigint not null,
    revenue       bigint not null,
    constraint pk_revenue_cells primary key (tenant_id, grain, dimension, value, period)
) with (fillfactor = 70);

-- revenue is in ten-thousandths of the major unit
create table {schema}.cohort_cells (
    tenant_id     varchar not null,
    grain         varchar collate "C" not null,
    dimension     varchar collate "C" not null,
    value         varchar collate "C" not null,
    cohort        date not null,
    k             integer not null,
    customers     bigint not null,
    last_orders   bigint not null,
    second_orders bigint not null,
    orders        bigint not null,
    revenue       bigint not null,
    constraint pk_cohort_cells primary key (tenant_id, grain, dimension, value, cohort, k)
) with (fillfactor = 70);

-- amounts are in ten-thousandths of the major unit
create table {schema}.clv_cells (
    tenant_id      varchar not null,
    grain          varchar collate "C" not null,
    dimension      varchar collate "C" not null,
    value          varchar collate "C" not null,
    cohort         date not null,
    customers      bigint not null,
    revenue        bigint not null,
    margin         bigint not null,
    margin_revenue bigint not null,
    within_30      bigint not null,
    within_60      bigint not null,
    within_90      bigint not null,
    within_180     bigint not null,
    within_365     bigint not null,
    constraint pk_clv_cells primary key (tenant_id, grain, dimension, value, cohort)
) with (fillfactor = 70);

create table {schema}.answer_cells (
    tenant_id  varchar not null,
    instrument varchar not null,
    day        date not null,
    score      integer not null,
    responses  bigint not null,
    constraint pk_answer_cells primary key (tenant_id, instrument, day, score)
);

create table {schema}.complaint_cells (
    tenant_id varchar not null,
    day       date not null,
    received  bigint not null,
    replied   bigint not null,
    resolved  bigint not null,
    constraint pk_complaint_cells primary key (tenant_id, day)
);

delete from {schema}.customer_history;
delete from {schema}.reflections;
delete from {schema}.projection_progress where tenant_id <> '*';
update {schema}.projection_progress set position = 0, generation = generation + 1;

-- Histories of another name are other histories, even if their customers and positions are the same.
alter table {schema}.reflections add column histories uuid not null default gen_random_uuid();

-- Which customers' histories a batch has changed, for whoever holds them in memory; the latest batches of each tenant. after is the
-- position that the histories were at before.
create table {schema}.history_changes (
    tenant_id varchar not null,
    position  bigint not null,
    after     bigint not null,
    customers varchar[] not null,
    constraint pk_history_changes primary key (tenant_id, position)
);

-- Customers with more than one chunk, who are few.
create index idx_customer_history_long on {schema}.customer_history (tenant_id, customer_id) where chunk <> 0;
