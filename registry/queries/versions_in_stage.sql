select version from model_versions
where model_name = $1 and stage = $2 and version <> $3 and deleted_at_ms is null
order by version
