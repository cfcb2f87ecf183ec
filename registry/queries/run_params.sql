select key, value from params where run_id = $1 order by key
