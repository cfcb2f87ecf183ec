select key, value, timestamp_ms, step, is_nan from latest_metrics where run_id = $1 order by key
