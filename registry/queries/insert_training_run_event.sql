insert into training_run_events (training_run_id, sequence, run) values ($1, $2, $3)
