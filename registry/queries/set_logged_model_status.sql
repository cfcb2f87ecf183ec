update logged_models set status = $2, updated_at_ms = $3 where model_id = $1 and deleted_at_ms is null returning model_id
