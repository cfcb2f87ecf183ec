select v.model_name, v.version, v.stage, v.run_id, r.run_name, e.name as experiment_name, v.source, v.model_file,
    v.model_sha256, v.model_bytes, v.bundle_file, v.booster_sha256, v.dataset_name, v.dataset_digest,
    v.trained_at_ms, v.created_at_ms
from model_versions v
join runs r on r.run_id = v.run_id
join experiments e on e.experiment_id = r.experiment_id
where v.model_name = $1 and v.version = $2
