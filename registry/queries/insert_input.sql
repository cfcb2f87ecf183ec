insert into inputs (run_id, dataset_id) values ($1, $2)
