-- The positions of the events that an import has stored, by which it is taken back: others of the same source may stand between them.
alter table {schema}.imports add column stored int8multirange;
