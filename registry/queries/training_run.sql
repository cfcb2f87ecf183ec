select training_run_id, state, attempts, request, progress, run_id, version, error, queued_at_ms, updated_at_ms
from training_runs
where training_run_id = $1
