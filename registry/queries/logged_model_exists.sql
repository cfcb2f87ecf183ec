select model_id from logged_models where model_id = $1 and deleted_at_ms is null
