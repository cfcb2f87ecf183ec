select experiment_id, name, artifact_location, created_at_ms from experiments where name = $1
