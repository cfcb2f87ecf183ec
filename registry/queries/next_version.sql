update registered_models set last_version = last_version + 1, updated_at_ms = $2
where coalesce(renamed_to, name) = $1
returning name, last_version
