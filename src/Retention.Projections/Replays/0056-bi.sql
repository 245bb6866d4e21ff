-- Views for BI tools, in the schema bi (of a place of another name than retention: that name and _bi). They are stable: columns are added,
-- never renamed or taken away. Money is in major units.

-- Which tenants a database role may read. Whoever may act as the owner of the tables reads all of them.
create table {schema}.bi_readers (
    tenant_id varchar not null,
    role_name varchar not null,
    constraint pk_bi_readers primary key (tenant_id, role_name)
);

create schema {schema}_bi;

do $$ begin
    if not exists (select from pg_roles where rolname = 'retention_bi') then create role retention_bi nologin; end if;
exception when insufficient_privilege or duplicate_object or unique_violation then null;
end $$;

-- By the name that the session was opened under, which nobody can change but a superuser.
create function {schema}_bi.seen_tenants() returns setof varchar language sql stable security definer set search_path = pg_catalog as $$
    select tenant_id from {schema}.bi_readers where role_name = session_user
    union
    select tenant_id from {schema}.reflections
    where pg_has_role(session_user, (select nspowner from pg_namespace where nspname = '{schema}'), 'member')
$$;

create function {schema}_bi.value_of(stored varchar) returns varchar language sql immutable as $$ select nullif(substr(stored, 2), '') $$;

create view {schema}_bi.tenants with (security_barrier) as
select r.tenant_id as tenant, r.position, r.recorded_at, r.settings ->> 'currency' as currency, coalesce(r.settings ->> 'timeZone', 'UTC') as time_zone,
       r.maintained_by as definition, r.stale
from {schema}.reflections r where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.activity_by_day with (security_barrier) as
select tenant_id as tenant, nullif(dimension, '') as dimension, {schema}_bi.value_of(value) as value, day, acquired, reactivated, lapsed
from {schema}.activity_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.revenue_by_period with (security_barrier) as
select tenant_id as tenant, grain, nullif(dimension, '') as dimension, {schema}_bi.value_of(value) as value, period, orders, customers,
       repeaters, returning_customers, acquired, second_orders, revenue / 10000.0 as revenue
from {schema}.revenue_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.cohorts with (security_barrier) as
select tenant_id as tenant, grain, nullif(dimension, '') as dimension, {schema}_bi.value_of(value) as value, cohort, k, customers,
       last_orders, second_orders, orders, revenue / 10000.0 as revenue
from {schema}.cohort_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.lifetime_value_by_cohort with (security_barrier) as
select tenant_id as tenant, grain, nullif(dimension, '') as dimension, {schema}_bi.value_of(value) as value, cohort, customers,
       revenue / 10000.0 as revenue, margin / 10000.0 as margin, margin_revenue / 10000.0 as revenue_with_margin, within_30 / 10000.0 as within_30_days,
       within_60 / 10000.0 as within_60_days, within_90 / 10000.0 as within_90_days, within_180 / 10000.0 as within_180_days, within_365 / 10000.0 as within_365_days
from {schema}.clv_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.answers_by_day with (security_barrier) as
select tenant_id as tenant, instrument, day, score, responses from {schema}.answer_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

create view {schema}_bi.requests_by_day with (security_barrier) as
select tenant_id as tenant, instrument, day, requested, bounced, answered from {schema}.request_cells where tenant_id = any (array(select {schema}_bi.seen_tenants()));

do $$ begin
    revoke all on function {schema}_bi.seen_tenants() from public;
    grant usage on schema {schema}_bi to retention_bi;
    grant select on all tables in schema {schema}_bi to retention_bi;
    grant execute on all functions in schema {schema}_bi to retention_bi;
exception when undefined_object or insufficient_privilege then null;
end $$;

do $$ begin
    if '{schema}' = 'retention' and to_regnamespace('bi') is null then alter schema {schema}_bi rename to bi; end if;
end $$;
