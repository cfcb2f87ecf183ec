select count(*) from api_tokens
where role = 'admin' and revoked_at_ms = 0 and (expires_at_ms = 0 or expires_at_ms > $1)
