select training_run_id, state, attempts, request, progress, run_id, version, error, queued_at_ms, updated_at_ms
from training_runs
order by queued_at_ms desc, training_run_id
limit $1
