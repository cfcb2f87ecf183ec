update registered_models set description = $2, updated_at_ms = $3
where coalesce(renamed_to, name) = $1
returning name
