insert into model_versions
    (model_name, version, stage, run_id, source, storage_uri, status, status_message, description, user_name, run_link,
    model_id, created_at_ms, updated_at_ms)
values ($1, $2, 'None', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (model_name, version) do nothing
