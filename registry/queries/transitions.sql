select sequence, model_name, version, from_stage, to_stage, is_rollback, actor, reason, at_ms
from transitions
where model_name = $1
order by sequence
