update api_tokens set last_used_at_ms = $2 where token_id = $1 and last_used_at_ms < $3
