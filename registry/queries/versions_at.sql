select coalesce(m.renamed_to, m.name) as model_name, v.version
from model_versions v
join registered_models m on m.name = v.model_name
where coalesce(v.storage_uri, v.source) in ($1, $2, $3, $4, $5, $6, $7, $8) and v.deleted_at_ms is null
    and v.status = 'READY'
limit 1
