update registered_models set updated_at_ms = $2 where coalesce(renamed_to, name) = $1 returning name
