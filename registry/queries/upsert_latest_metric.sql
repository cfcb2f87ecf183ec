insert into latest_metrics (run_id, key, value, timestamp_ms, step, is_nan)
values ($1, $2, $3, $4, $5, $6)
on conflict (run_id, key) do update
set value = excluded.value, timestamp_ms = excluded.timestamp_ms, step = excluded.step, is_nan = excluded.is_nan
where excluded.step > latest_metrics.step
    or (excluded.step = latest_metrics.step and excluded.timestamp_ms >= latest_metrics.timestamp_ms)
