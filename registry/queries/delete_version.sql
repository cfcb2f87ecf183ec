update model_versions set deleted_at_ms = $3, updated_at_ms = $3 where model_name = $1 and version = $2
