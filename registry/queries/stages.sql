select coalesce(m.renamed_to, m.name) as model_name, v.version, v.stage, coalesce(
    (select t.to_stage from transitions t where t.model_name = v.model_name and t.version = v.version
    order by t.sequence desc limit 1), 'None') as last_stage
from model_versions v
join registered_models m on m.name = v.model_name
order by 1, 2
