select value from params where run_id = $1 and key = $2
