select name as key, coalesce(renamed_to, name) as name, description, created_at_ms, updated_at_ms
from registered_models
where coalesce(renamed_to, name) = $1
