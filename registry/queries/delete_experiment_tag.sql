delete from experiment_tags where experiment_id = $1 and key = $2
