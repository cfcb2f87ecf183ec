select r.run_id, r.run_name, r.experiment_id, e.name as experiment_name, r.user_name, r.status, r.start_time_ms,
    r.end_time_ms, r.artifact_uri, r.lifecycle_stage
from runs r join experiments e on e.experiment_id = r.experiment_id
where r.experiment_id = $1 and r.lifecycle_stage = 'active'
order by r.start_time_ms desc, r.run_id
limit $2
