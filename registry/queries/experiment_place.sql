select artifact_location, lifecycle_stage from experiments where experiment_id = $1
