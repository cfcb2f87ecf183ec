update training_runs set state = $2, version = $3, error = $4 where training_run_id = $1
