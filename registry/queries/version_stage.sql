select stage from model_versions where model_name = $1 and version = $2 and deleted_at_ms is null
