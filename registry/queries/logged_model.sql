select model_id, experiment_id, name, artifact_uri, status, status_message, model_type, source_run_id, created_at_ms,
    updated_at_ms
from logged_models
where model_id = $1 and deleted_at_ms is null
