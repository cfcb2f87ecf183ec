insert into model_versions
    (model_name, version, stage, run_id, source, model_file, model_sha256, model_bytes, bundle_file, booster_sha256,
    dataset_name, dataset_digest, trained_at_ms, created_at_ms, idempotency_key)
values ($1, $2, 'None', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
