insert into run_models (run_id, direction, model_id, step, position) values ($1, $2, $3, $4, $5)
on conflict (run_id, direction, model_id, step) do nothing
