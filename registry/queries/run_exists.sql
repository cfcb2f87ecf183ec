select run_id from runs where run_id = $1
