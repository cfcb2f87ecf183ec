select coalesce(m.renamed_to, m.name) as model_name, v.version, coalesce(v.storage_uri, v.source) as uri, v.model_file,
    v.model_sha256
from model_versions v
join registered_models m on m.name = v.model_name
where v.deleted_at_ms is null and v.status = 'READY'
order by 1, 2
