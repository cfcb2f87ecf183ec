update experiments set lifecycle_stage = $2, updated_at_ms = $3 where experiment_id = $1
