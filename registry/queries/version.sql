select coalesce(m.renamed_to, m.name) as model_name, v.version, v.stage, coalesce(v.run_id, '') as run_id,
    coalesce(r.run_name, '') as run_name, coalesce(e.name, '') as experiment_name, v.source, v.storage_uri, v.model_file,
    v.model_sha256, v.model_bytes, v.bundle_file, v.booster_sha256, v.dataset_name, v.dataset_digest, v.trained_at_ms,
    v.created_at_ms
from registered_models m
join model_versions v on v.model_name = m.name
left join runs r on r.run_id = v.run_id
left join experiments e on e.experiment_id = r.experiment_id
where coalesce(m.renamed_to, m.name) = $1 and v.model_file is not null and v.deleted_at_ms is null
    and v.version = $2
