insert into logged_models
    (model_id, experiment_id, name, artifact_uri, status, status_message, model_type, source_run_id, created_at_ms,
    updated_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict do nothing
