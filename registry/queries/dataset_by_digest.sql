select dataset_id from datasets where experiment_id = $1 and name = $2 and digest = $3 order by dataset_id limit 1
