update registered_models set updated_at_ms = $2 where name = $1 returning name
