update api_tokens set revoked_at_ms = $2 where token_id = $1 and revoked_at_ms = 0 returning name
