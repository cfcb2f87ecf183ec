update registered_models set created_at_ms = $2, updated_at_ms = $3,
    last_version = case when last_version < $4 then $4 else last_version end
where name = $1
