select artifact_uri as uri from runs
where lifecycle_stage = 'active' or deleted_at_ms is null or deleted_at_ms >= $1
union select artifact_uri from logged_models where deleted_at_ms is null or deleted_at_ms >= $1
union select source from model_versions where deleted_at_ms is null or deleted_at_ms >= $1
union select storage_uri from model_versions
where storage_uri is not null and (deleted_at_ms is null or deleted_at_ms >= $1)
