select key, value from tags where run_id = $1 order by key
