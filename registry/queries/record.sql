select coalesce(m.renamed_to, m.name) as model_name, v.model_name as key, v.version, v.stage, v.run_id, v.source,
    coalesce(v.storage_uri, v.source) as storage_uri, v.model_file, v.status, v.status_message, v.description,
    v.user_name, v.run_link, v.model_id, v.created_at_ms, coalesce(v.updated_at_ms, v.created_at_ms) as updated_at_ms
from registered_models m
join model_versions v on v.model_name = m.name
where coalesce(m.renamed_to, m.name) = $1 and v.version = $2 and v.deleted_at_ms is null
