insert into metrics (run_id, key, sequence, value, timestamp_ms, step, is_nan)
values ($1, $2, $3, $4, $5, $6, $7)
