select experiment_id, name, artifact_location, lifecycle_stage, created_at_ms, updated_at_ms from experiments where name = $1
