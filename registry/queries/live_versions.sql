select version, stage from model_versions where model_name = $1 and deleted_at_ms is null order by version
