update experiments set name = $2 where experiment_id = $1
