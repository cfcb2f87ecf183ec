update training_runs set run_id = $2 where training_run_id = $1
