select artifact_uri from runs where run_id = $1 and lifecycle_stage = 'active'
union all select artifact_uri from logged_models where model_id = $2 and deleted_at_ms is null
