update training_runs set lease_until_ms = $3
where training_run_id = $1 and attempts = $2 and state = 'running'
returning training_run_id
