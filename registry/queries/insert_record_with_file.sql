insert into model_versions
    (model_name, version, stage, run_id, source, storage_uri, status, status_message, description, user_name, run_link,
    model_id, created_at_ms, updated_at_ms, model_file, model_sha256, model_bytes, booster_sha256, dataset_name,
    dataset_digest, trained_at_ms)
values ($1, $2, 'None', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15, $16, $17, $18, $19)
