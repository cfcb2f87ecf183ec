select t.sequence, coalesce(m.renamed_to, m.name) as model_name, t.version, t.from_stage, t.to_stage, t.is_rollback, t.actor,
    t.reason, t.at_ms
from transitions t
join registered_models m on m.name = t.model_name
where coalesce(m.renamed_to, m.name) = $1 and t.at_ms <= $2
order by t.sequence
