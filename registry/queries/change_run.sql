update runs
set status = coalesce($2, status), end_time_ms = coalesce($3, end_time_ms), run_name = coalesce($4, run_name)
where run_id = $1
