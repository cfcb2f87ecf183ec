insert into inputs (run_id, dataset_id) values ($1, $2) on conflict (run_id, dataset_id) do nothing
