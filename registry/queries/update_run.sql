update runs set status = $2, end_time_ms = coalesce($3, end_time_ms) where run_id = $1 returning run_id
