insert into experiments (experiment_id, name, artifact_location, created_at_ms, updated_at_ms, lifecycle_stage)
values ($1, $2, $3, $4, $5, $6)
