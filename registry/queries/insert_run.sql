insert into runs
    (run_id, experiment_id, run_name, user_name, status, start_time_ms, artifact_uri, last_metric)
values ($1, $2, $3, $4, 'RUNNING', $5, $6, 0)
