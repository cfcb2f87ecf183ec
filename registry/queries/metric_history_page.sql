select key, value, timestamp_ms, step, is_nan from metrics
where run_id = $1 and key = $2
order by timestamp_ms, step, value, is_nan
limit $3 offset $4
