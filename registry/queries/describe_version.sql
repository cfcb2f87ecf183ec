update model_versions set description = $3, updated_at_ms = $4 where model_name = $1 and version = $2
