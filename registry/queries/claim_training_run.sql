update training_runs
set state = 'running', attempts = attempts + 1, worker = $1, lease_until_ms = $3, progress = null,
    error = null, updated_at_ms = $2
where training_run_id = (
        select training_run_id from training_runs
        where state = 'queued' or (state = 'running' and lease_until_ms < $2)
        order by queued_at_ms, training_run_id
        limit 1)
    and (state = 'queued' or (state = 'running' and lease_until_ms < $2))
returning training_run_id
