update registered_models set last_version = last_version + 1, updated_at_ms = $2
where name = $1
returning last_version
