select key, value, timestamp_ms, step, is_nan from metrics
where run_id = $1 and key = $2
order by step, timestamp_ms, sequence
