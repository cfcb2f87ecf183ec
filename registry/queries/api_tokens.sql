select token_id, name, role, created_at_ms, created_by, expires_at_ms, revoked_at_ms, last_used_at_ms
from api_tokens
order by created_at_ms, token_id
