select r.run_id, r.run_name, r.experiment_id, e.name as experiment_name, r.user_name, r.status, r.start_time_ms,
    r.end_time_ms, r.artifact_uri, r.lifecycle_stage
from runs r join experiments e on e.experiment_id = r.experiment_id
where r.run_id = $1
