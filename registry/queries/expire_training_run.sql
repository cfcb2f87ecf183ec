update training_runs
set state = 'failed', error = $3
where training_run_id = (
        select training_run_id from training_runs
        where state = 'running' and lease_until_ms < $1 and attempts >= $2
        order by queued_at_ms, training_run_id
        limit 1)
    and state = 'running' and lease_until_ms < $1
returning training_run_id
