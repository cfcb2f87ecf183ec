insert into api_tokens
    (token_id, name, role, secret_sha256, created_at_ms, created_by, expires_at_ms, revoked_at_ms, last_used_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, 0, 0)
on conflict do nothing
