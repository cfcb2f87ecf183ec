insert into input_tags (run_id, dataset_id, key, value) values ($1, $2, $3, $4)
on conflict (run_id, dataset_id, key) do nothing
