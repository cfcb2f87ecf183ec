select coalesce(m.renamed_to, m.name) as model_name, v.version
from model_versions v
join registered_models m on m.name = v.model_name
where v.idempotency_key = $1
