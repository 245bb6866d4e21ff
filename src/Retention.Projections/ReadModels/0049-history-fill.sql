-- Room in each page, so that a history that grows stays in its page and no index has to learn of it.
alter table {schema}.customer_history set (fillfactor = 80);
