select coalesce(v.storage_uri, v.source) as uri, f.path, f.sha256
from model_versions v
join model_version_files f on f.model_name = v.model_name and f.version = v.version
where v.deleted_at_ms is null and v.status = 'READY'
union
select coalesce(v.storage_uri, v.source), v.model_file, v.model_sha256
from model_versions v
where v.model_file is not null and v.deleted_at_ms is null and v.status = 'READY'
