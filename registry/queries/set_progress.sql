update training_runs set progress = $2 where training_run_id = $1
