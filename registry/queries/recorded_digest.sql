select f.sha256
from model_versions v
join model_version_files f on f.model_name = v.model_name and f.version = v.version
where coalesce(v.storage_uri, v.source) = $1 and f.path = $2 and v.deleted_at_ms is null and v.status = 'READY'
order by v.created_at_ms
limit 1
