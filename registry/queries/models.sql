select coalesce(m.renamed_to, m.name) as name, m.created_at_ms,
    (select v.version from model_versions v where v.model_name = m.name and v.stage = 'Production'
        and v.model_file is not null) as production_version,
    (select max(v.version) from model_versions v where v.model_name = m.name and v.model_file is not null
        and v.deleted_at_ms is null) as latest_version
from registered_models m
where m.renamed_to is null or m.renamed_to not like '/%'
order by coalesce(m.renamed_to, m.name)
