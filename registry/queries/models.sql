select m.name, m.created_at_ms,
    (select v.version from model_versions v where v.model_name = m.name and v.stage = 'Production') as production_version,
    (select max(v.version) from model_versions v where v.model_name = m.name) as latest_version
from registered_models m
order by m.name
