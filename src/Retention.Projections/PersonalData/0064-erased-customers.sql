-- When a customer was erased: its key is empty then, and no other is ever made.
alter table {schema}.customer_keys add column erased_at timestamptz;
