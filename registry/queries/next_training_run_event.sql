update training_runs set last_event = last_event + 1, updated_at_ms = $2
where training_run_id = $1
returning last_event
