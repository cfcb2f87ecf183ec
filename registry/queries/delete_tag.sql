delete from tags where run_id = $1 and key = $2
