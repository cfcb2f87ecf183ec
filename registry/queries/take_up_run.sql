update runs set last_metric = last_metric + $2 where run_id = $1
returning last_metric, lifecycle_stage, experiment_id
