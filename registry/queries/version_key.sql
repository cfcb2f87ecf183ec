select v.model_name from registered_models m
join model_versions v on v.model_name = m.name
where coalesce(m.renamed_to, m.name) = $1 and v.version = $2 and v.deleted_at_ms is null
