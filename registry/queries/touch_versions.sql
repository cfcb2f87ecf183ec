update model_versions set updated_at_ms = $2 where model_name = $1 and deleted_at_ms is null
