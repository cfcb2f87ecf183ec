insert into logged_model_metrics
    (model_id, run_id, key, value, timestamp_ms, step, is_nan, dataset_name, dataset_digest)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (model_id, key, timestamp_ms, step, run_id)
do update set value = excluded.value, is_nan = excluded.is_nan
