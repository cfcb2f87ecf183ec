select coalesce(m.renamed_to, m.name) as model_name, v.model_name as key, v.version, v.stage, v.run_id, v.source,
    coalesce(v.storage_uri, v.source) as storage_uri, v.model_file, v.status, v.status_message, v.description,
    v.user_name, v.run_link, v.model_id, v.created_at_ms, coalesce(v.updated_at_ms, v.created_at_ms) as updated_at_ms
from registered_models m
join model_versions v on v.model_name = m.name
join (select model_name, max(version) as version from model_versions
    where model_name = (select name from registered_models where coalesce(renamed_to, name) = $1) and deleted_at_ms is null
    group by model_name, stage) l on l.model_name = v.model_name and l.version = v.version
order by v.version
