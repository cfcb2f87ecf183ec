update experiments set updated_at_ms = $2 where experiment_id = $1 returning lifecycle_stage
