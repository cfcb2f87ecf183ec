update registered_models set renamed_to = $2, updated_at_ms = $3 where name = $1
