insert into runs
    (run_id, experiment_id, run_name, user_name, status, start_time_ms, end_time_ms, artifact_uri, last_metric,
    lifecycle_stage, deleted_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing
