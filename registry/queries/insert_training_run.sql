insert into training_runs
    (training_run_id, state, attempts, request, lease_until_ms, last_event, queued_at_ms, updated_at_ms)
values ($1, 'queued', 0, $2, 0, 0, $3, $3)
