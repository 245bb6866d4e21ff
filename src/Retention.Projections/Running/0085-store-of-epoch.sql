-- The server, database and timeline that the store was in when it got its epoch; null before anybody looked. One that finds itself
-- elsewhere gets another epoch.
alter table {schema}.store_epoch add column made_on varchar;
