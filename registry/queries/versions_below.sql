select coalesce(m.renamed_to, m.name) as model_name, v.version
from model_versions v
join registered_models m on m.name = v.model_name
where substr(coalesce(v.storage_uri, v.source), 1, length($1)) = $1 and v.deleted_at_ms is null and v.status = 'READY'
order by v.model_name, v.version
limit 1
