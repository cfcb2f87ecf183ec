-- 0 stands for never in expires_at_ms, revoked_at_ms and last_used_at_ms.
create table api_tokens (
    token_id text primary key,
    name text not null,
    role text not null check (role in ('viewer', 'trainer', 'admin')),
    secret_sha256 text not null unique,
    created_at_ms bigint not null,
    created_by text not null,
    expires_at_ms bigint not null,
    revoked_at_ms bigint not null,
    last_used_at_ms bigint not null
);
create unique index api_tokens_by_name on api_tokens (name) where revoked_at_ms = 0;

-- Every entry's hash is over its other columns, the hash of the entry before among them.
create table audit_log (
    sequence bigint primary key,
    at_ms bigint not null,
    who text not null,
    origin text not null,
    action text not null,
    object text not null,
    details text not null,
    previous_hash text not null,
    hash text not null
);

-- How many entries there are and the last one's hash; whoever appends holds this row until the commit.
create table audit_head (
    id bigint primary key check (id = 1),
    entries bigint not null,
    hash text not null
);
insert into audit_head (id, entries, hash)
values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

