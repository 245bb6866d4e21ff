-- What senders of webhooks sign with, one secret in force for each. It has to be known to check a signature, so that it stands here as it
-- is; it is never shown. One that was replaced is good for a while longer, since senders take time to change over.
create table {schema}.webhook_secrets (
    tenant_id   varchar not null,
    sender      varchar not null,
    secret      bytea not null,
    set_at      timestamptz not null,
    replaced_at timestamptz,
    constraint pk_webhook_secrets primary key (tenant_id, sender, secret)
);
