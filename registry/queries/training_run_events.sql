select sequence, run from training_run_events
where training_run_id = $1 and sequence > $2
order by sequence
